// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>

#include "edvr/ops/conv2d.hpp"
#include "edvr/ops/deform_conv2d_bands.hpp"
#include "edvr/ops/deform_conv2d_direct.hpp"
#include "edvr/ops/deform_conv2d_im2col.hpp"

namespace edvr::inline v1 {

namespace fn {
/// One output element: the plain sum over taps and channels, each sampled bilinearly.
template <class X, class O, class M, class T>
struct deform_conv2d_reference {
  static constexpr bool packs = false;
  using value = arithmetic_t<T>;
  X x;
  coord<4> in;
  O offset;
  M mask;
  view<T const, 4, typename X::space> weight;
  value const* bias;  // may be null
  conv2d_params p;
  index_t deformable_groups;
  bool unit(int) const { return false; }
  index_t cost() const { return volume(weight.extent) / std::max<index_t>(weight.extent[0], 1); }

  /// x[n, c] at a real position: zero surround, so values within one pixel of the border fade out.
  EDVR_HD value sample(index_t n, index_t c, value py, value px) const {
    // In floating point before the cast: a huge value has no integer, and a NaN is outside.
    if (!(py > value(-1) && py < static_cast<value>(in[2]) && px > value(-1) && px < static_cast<value>(in[3]))) return value(0);
    index_t const y0 = floor_of(py), x0 = floor_of(px);
    value const ly = py - static_cast<value>(y0), lx = px - static_cast<value>(x0);
    return (value(1) - ly) * (value(1) - lx) * corner(n, c, y0, x0) + (value(1) - ly) * lx * corner(n, c, y0, x0 + 1) +
           ly * (value(1) - lx) * corner(n, c, y0 + 1, x0) + ly * lx * corner(n, c, y0 + 1, x0 + 1);
  }
  EDVR_HD static index_t floor_of(value v) {
    index_t const i = static_cast<index_t>(v);  // |v| is small: sample() has looked
    return static_cast<value>(i) > v ? i - 1 : i;
  }
  EDVR_HD value corner(index_t n, index_t c, index_t h, index_t w) const {
    return h >= 0 && h < in[2] && w >= 0 && w < in[3] ? value(factor_t<T>(x(coord<4>{{n, c, h, w}}))) : value(0);
  }
  EDVR_HD value operator()(coord<4> const& o) const {
    index_t const c = weight.extent[1], first = o[1] / (weight.extent[0] / p.groups) * c, taps = weight.extent[2] * weight.extent[3];
    value sum = bias ? bias[o[1]] : value(0);
    for (index_t a = 0; a < c; ++a) {
      index_t const d = (first + a) / (in[1] / deformable_groups);
      for (index_t k = 0; k < taps; ++k) {
        index_t const i = k / weight.extent[3], j = k % weight.extent[3], at = d * taps + k;
        value const py =
            static_cast<value>(o[2] * p.stride.y - p.padding.y + i * p.dilation.y) + offset(coord<4>{{o[0], 2 * at, o[2], o[3]}});
        value const px =
            static_cast<value>(o[3] * p.stride.x - p.padding.x + j * p.dilation.x) + offset(coord<4>{{o[0], 2 * at + 1, o[2], o[3]}});
        sum += value(factor_t<T>(mask(coord<4>{{o[0], at, o[2], o[3]}}) * sample(o[0], first + a, py, px))) *
               weight(coord<4>{{o[1], a, i, j}});
      }
    }
    return sum;
  }
};
}  // namespace fn

namespace detail {
template <class X, class O, class M, class T, class S, class Algo>
struct deform_conv2d_node : private used_twice_name_its_value_with_eval {
  using value_type = arithmetic_t<T>;
  using space = S;
  using runs_once = void;
  static constexpr int rank = 4, heavy_nodes = X::heavy_nodes + O::heavy_nodes + M::heavy_nodes + 1;
  static constexpr bool has_last = true;
  X x;
  O offset;
  M mask;
  tensor<T, 4, S> weight;
  tensor<value_type, 1, S> bias;
  conv2d_params p;
  index_t deformable_groups;
  coord<4> extent;
  std::shared_ptr<packed_weights<T>> kept;  // of the module that holds the weights, if one does

  deform_conv2d_node(X input, O offsets, M masks, tensor<T, 4, S> w, tensor<value_type, 1, S> b, conv2d_params const& params,
                     index_t groups, coord<4> const& result, std::shared_ptr<packed_weights<T>> k)
      : x(std::move(input)),
        offset(std::move(offsets)),
        mask(std::move(masks)),
        weight(std::move(w)),
        bias(std::move(b)),
        p(params),
        deformable_groups(groups),
        extent(result),
        kept(std::move(k)) {}
  coord<4> shape() const { return extent; }
  static constexpr bool makes_channels_last() { return true; }
  void expand_to(coord<4> const& s) const { detail::refuse_repeat("deform_conv2d", extent, s); }
  template <class G>
  void operands(G const& g) const {
    g(x), g(offset), g(mask), g(weight), g(bias);
  }
  template <class Store, class Ex>
  void run(Store const& to, Ex const& ex) const {
    auto const offsets = settle(offset, ex);
    auto const masks = settle(mask, ex);
    auto const read_offsets = reader(offsets);
    auto const read_masks = reader(masks);
    auto const b = dense(bias, ex);
    value_type const* const biases = b ? b.data() : nullptr;
    if constexpr (choose<Algo, T, S>() != algorithm::reference && !std::is_same_v<S, cpu>) {
      auto const input = channels_together<T>(settle<T>(x, ex), ex);
      using kernel = fn::deformed_column<T, S, bare<decltype(read_offsets)>, bare<decltype(read_masks)>>;
      kernel const columns{input.read(),     read_offsets,
                           read_masks,       p,
                           weight.extent(3), weight.extent(2) * weight.extent(3),
                           weight.extent(1), input.extent(1) / deformable_groups,
                           extent[2]};
      conv2d_bands(columns, to, extent, weight, b, p.groups, ex);
    } else if constexpr (choose<Algo, T, S>() != algorithm::reference) {
      auto const isa = resolve(ex.isa);
      auto const input = channels_together<factor_t<T>>(settle<T>(x, ex), ex);
      auto const from_offsets = source_of<value_type>(read_offsets, offsets.shape(), isa);
      auto const from_masks = source_of<value_type>(read_masks, masks.shape(), isa);
      auto const out = sink_of<value_type>(to, isa);
      if constexpr (choose<Algo, T, S>() == algorithm::direct)
        deform_conv2d_direct(input.read(), from_offsets, from_masks, out, extent, weight, kept.get(), biases, p, deformable_groups, ex);
      else
        deform_conv2d_im2col(input.read(), from_offsets, from_masks, out, extent, weight.read(), biases, p, deformable_groups, ex);
    } else {
      auto const input = settle_for_windows<T>(x, ex);
      auto const in = reader(input);
      using kernel = fn::deform_conv2d_reference<bare<decltype(in)>, bare<decltype(read_offsets)>, bare<decltype(read_masks)>, T>;
      ex.for_each(to.y,
                  composed{kernel{in, input.shape(), read_offsets, read_masks, weight.read(), biases, p, deformable_groups}, to.epilogue});
    }
  }

 private:
  // Sampling reads runs of channels: a tensor of other elements, whose channels lie
  // apart or that has gaps between rows is copied once, any other tree evaluated.
  template <class F, class E, class Ex>
  static tensor<F, 4, S> channels_together(E const& e, Ex const& ex) {
    if constexpr (std::is_same_v<E, tensor<F, 4, S>>)
      if ((e.strides()[1] == 1 || e.extent(1) == 1) && e.strides()[2] == e.extent(3) * e.strides()[3]) return e;
    checked_volume("deform_conv2d", e.shape(), sizeof(F));  // before strides are computed from it
    auto y = empty<F, S>(e.shape(), channels_last(e.shape()));
    if constexpr (std::is_same_v<F, T>)
      run_into(y.writable(), e, ex);
    else
      run_into(y.writable(), settle_for_windows<T>(e, ex), ex);  // what is evaluated is rounded to T, as in the plain kernel
    return y;
  }
};

template <class T, class S>
coord<4> deform_conv2d_shape(coord<4> const& x, coord<4> const& offset, coord<4> const* mask, tensor<T, 4, S> const& weight,
                             tensor<arithmetic_t<T>, 1, S> const& bias, conv2d_params const& p, index_t& deformable_groups) {
  index_t const biases = bias.extent(0);
  auto const y = conv2d_shape("deform_conv2d", x, weight.shape(), is_given(bias) ? &biases : nullptr, p);
  index_t const taps = weight.extent(2) * weight.extent(3);
  if (offset[1] == 0 || offset[1] % (2 * taps) != 0 || x[1] % (offset[1] / (2 * taps)) != 0)
    throw shape_error(text("deform_conv2d: offset has ", offset[1], " channels; expected 2 * ", taps,
                           " for each deformable group, because the kernel has ", taps, " taps, and a number of groups that divides the ",
                           x[1], " channels of x"));
  deformable_groups = offset[1] / (2 * taps);
  coord<4> const want{{y[0], offset[1], y[2], y[3]}}, want_mask{{y[0], offset[1] / 2, y[2], y[3]}};
  if (!(offset == want))
    throw shape_error(text("deform_conv2d: offset has shape ", offset, "; expected ", want, ", because the result is ", y));
  if (mask && !(*mask == want_mask))
    throw shape_error(text("deform_conv2d: mask has shape ", *mask, "; expected ", want_mask, ", one value for each pair of offsets"));
  return y;
}

template <class Algo, class X, class O, class M, class T, class S>
auto deform_conv2d(X&& x, O&& offset, M&& mask, tensor<T, 4, S> weight, tensor<arithmetic_t<T>, 1, S> bias, conv2d_params const& p,
                   std::type_identity_t<std::shared_ptr<packed_weights<T>>> kept) {
  static_assert(
      !needs_vector_kernels<Algo> || (has_vector_kernels<T, S> && std::is_same_v<Algo, algo::direct>),
      "deform_conv2d: algo::direct is for float, float16 and bfloat16 on a CPU, and there is no algo::winograd; use algo::im2col or algo::reference");
  static_assert(
      !std::is_same_v<Algo, algo::im2col> || has_gemm<T, S>,
      "deform_conv2d: algo::im2col is for float and double, and for numbers of your own on a CPU; use algo::direct or algo::reference");
  index_t groups = 1;
  auto const m = mask.shape();
  auto const shape = deform_conv2d_shape(x.shape(), offset.shape(), &m, weight, bias, p, groups);
  return deform_conv2d_node<bare<X>, bare<O>, bare<M>, T, S, Algo>(take(std::forward<X>(x)), take(std::forward<O>(offset)),
                                                                   take(std::forward<M>(mask)), std::move(weight), std::move(bias), p,
                                                                   groups, shape, std::move(kept));
}
}  // namespace detail

/// Modulated deformable convolution (DCNv2): tap k of deformable group d is read at its regular position plus (offset[2 (d K + k)],
/// offset[2 (d K + k) + 1]) = (dy, dx), bilinearly with zero surround, and multiplied by mask[d K + k]; K = r s.
/// x (n, c, h, w);  offset (n, 2 g K, oh, ow);  mask (n, g K, oh, ow);  weight (k, c / groups, r, s);  bias (k), or {} for none;  returns
/// (n, k, oh, ow) as conv2d does. The number g of deformable groups follows from offset; group d has the d-th run of c / g channels.
/// A position that is NaN or not within one pixel of x contributes 0 times its mask: NaN, if that is not finite. Lazy, heavy. Throws
/// shape_error.
/// Weights stored as bfloat16 round x and the samples to bfloat16; offsets and masks stay as they are. With weights stored as float16, x is
/// read as floats (and copied to them, if it is stored as float16 too). Cost: that of conv2d, and n oh ow c K bilinear samples. Zhu et al.,
/// CVPR 2019, eq. 1; same as torchvision.ops.deform_conv2d, whose mask comes last.
template <has_rank<4> X, has_rank<4> O, has_rank<4> M, class T, class S, class Algo = algo::automatic>
  requires same_space<X, O> && same_space<X, M> && same_element<X, O> && same_element<X, M> && same_element<X, tensor<T, 4, S>> &&
           same_space<X, tensor<T, 4, S>>
auto deform_conv2d(X&& x, O&& offset, M&& mask, tensor<T, 4, S> weight, std::type_identity_t<tensor<arithmetic_t<T>, 1, S>> bias = {},
                   conv2d_params p = {}, Algo = {}) {
  return detail::deform_conv2d<Algo>(std::forward<X>(x), std::forward<O>(offset), std::forward<M>(mask), std::move(weight), std::move(bias),
                                     p, nullptr);
}
/// The same without modulation (DCNv1): every mask is 1.
template <has_rank<4> X, has_rank<4> O, class T, class S, class Algo = algo::automatic>
  requires same_space<X, O> && same_element<X, O> && same_element<X, tensor<T, 4, S>> && same_space<X, tensor<T, 4, S>>
auto deform_conv2d(X&& x, O&& offset, tensor<T, 4, S> weight, std::type_identity_t<tensor<arithmetic_t<T>, 1, S>> bias = {},
                   conv2d_params p = {}, Algo algorithm = {}) {
  auto m = offset.shape();
  m[1] /= 2;
  return deform_conv2d(std::forward<X>(x), std::forward<O>(offset), constant<arithmetic_t<T>, 4, S>{1, m}, std::move(weight),
                       std::move(bias), p, algorithm);
}

}  // namespace edvr::v1
