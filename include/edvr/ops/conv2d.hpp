// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "edvr/ops/algorithm.hpp"
#include "edvr/ops/conv2d_bands.hpp"
#include "edvr/ops/conv2d_direct.hpp"
#include "edvr/ops/conv2d_im2col.hpp"
#include "edvr/ops/conv2d_params.hpp"
#include "edvr/ops/conv2d_winograd.hpp"
#include "edvr/ops/settle_for_windows.hpp"

namespace edvr::inline v1 {

namespace fn {
/// One output element: the plain sum. Weights of T; x is rounded to what is multiplied, as in the fast algorithms.
template <class X, class T>
struct conv2d_reference {
  static constexpr bool packs = false;
  using value = arithmetic_t<T>;
  X x;
  coord<4> in;
  view<T const, 4, typename X::space> weight;
  value const* bias;  // may be null
  conv2d_params p;
  bool unit(int) const { return false; }
  index_t cost() const { return volume(weight.extent) / std::max<index_t>(weight.extent[0], 1); }
  EDVR_HD value operator()(coord<4> const& o) const {
    index_t const c = weight.extent[1], first = o[1] / (weight.extent[0] / p.groups) * c;  // channels of o's group
    value sum = bias ? bias[o[1]] : value(0);
    for (index_t i = 0; i < weight.extent[2]; ++i) {
      index_t const h = o[2] * p.stride.y - p.padding.y + i * p.dilation.y;
      if (h < 0 || h >= in[2]) continue;
      for (index_t j = 0; j < weight.extent[3]; ++j) {
        index_t const w = o[3] * p.stride.x - p.padding.x + j * p.dilation.x;
        if (w < 0 || w >= in[3]) continue;
        for (index_t a = 0; a < c; ++a)
          sum = plus{}(sum, times{}(value(factor_t<T>(x(coord<4>{{o[0], first + a, h, w}}))), weight(coord<4>{{o[1], a, i, j}})));
      }
    }
    return sum;
  }
};
}  // namespace fn

namespace detail {
/// Is there a bias? One that was never made stands for none; throws if it was moved away.
template <class T, class S>
bool is_given(tensor<T, 1, S> const& bias) {
  if (!bias && bias.extent(0) > 0) (void)bias.data();
  return static_cast<bool>(bias);
}
template <class T, class S, class Ex>
tensor<T, 1, S> dense(tensor<T, 1, S> const& bias, Ex const& ex) {
  return bias ? contiguous(bias, ex) : bias;
}

/// By direct or winograd, whatever is read and stored around it: compiled once.
template <class T, class Ex>
void conv2d_vectorised(algorithm a, source<factor_t<T>> const& in, sink<float> const& out, coord<4> const& y_shape,
                       tensor<T, 4> const& weight, float const* biases, conv2d_params const& p, channel_order const& order,
                       packed_weights<T>* kept, Ex const& ex) {
  auto const isa = resolve(ex.isa);
  auto const& kernel = kernels(isa);
  auto const packed_form = packed(kept, a, isa, p.groups, order.planes, weight, [&] {
    return a == algorithm::winograd ? winograd_weights(weight, kernel.width, order) : direct_weights(weight, p.groups, kernel, order);
  });
  std::vector<float> reordered;
  if (biases && order.planes > 1) {
    for (index_t o = 0; o < y_shape[1]; ++o) reordered.push_back(biases[order(o)]);
    biases = reordered.data();
  }
  if (a == algorithm::winograd)
    conv2d_winograd(in, out, y_shape, packed_form->data(), biases, p.padding, ex);
  else
    conv2d_direct(in, out, y_shape, weight.shape(), packed_form->data(), biases, p, ex);
}

template <class X, class T, class S, class Algo>
struct conv2d_node : private used_twice_name_its_value_with_eval {
  using value_type = arithmetic_t<T>;
  using space = S;
  using runs_once = void;
  static constexpr int rank = 4, heavy_nodes = X::heavy_nodes + 1;
  static constexpr bool has_last = true;
  X x;
  tensor<T, 4, S> weight;
  tensor<value_type, 1, S> bias;
  conv2d_params p;
  coord<4> extent;
  std::shared_ptr<packed_weights<T>> kept;  // of the module that holds the weights, if one does

  conv2d_node(X input, tensor<T, 4, S> w, tensor<value_type, 1, S> b, conv2d_params const& params, coord<4> const& result,
              std::shared_ptr<packed_weights<T>> k)
      : x(std::move(input)), weight(std::move(w)), bias(std::move(b)), p(params), extent(result), kept(std::move(k)) {}
  coord<4> shape() const { return extent; }
  static constexpr bool makes_channels_last() { return true; }
  void expand_to(coord<4> const& s) const { detail::refuse_repeat("conv2d", extent, s); }
  template <class G>
  void operands(G const& g) const {
    g(x), g(weight), g(bias);
  }
  template <class Store, class Ex>
  void run(Store const& to, Ex const& ex) const {
    auto const input = settle_for_windows<T>(x, ex);
    auto const in = reader(input);
    auto const b = dense(bias, ex);
    value_type const* const biases = b ? b.data() : nullptr;
    constexpr algorithm family = choose<Algo, T, S>();
    if constexpr (family == algorithm::im2col && !std::is_same_v<S, cpu>)
      conv2d_bands(fn::column<bare<decltype(in)>>{in, input.shape(), p, weight.extent(3), weight.extent(1), extent[2]}, to, extent, weight,
                   b, p.groups, ex);
    else if constexpr (family == algorithm::im2col)
      conv2d_im2col(source_of<T>(in, input.shape(), resolve(ex.isa)), sink_of<T>(to, resolve(ex.isa)), extent, weight.read(), biases, p,
                    ex);
    else if constexpr (family == algorithm::reference)
      ex.for_each(to.y, composed{fn::conv2d_reference<bare<decltype(in)>, T>{in, input.shape(), weight.read(), biases, p}, to.epilogue});
    else
      run_vectorised(source_of<factor_t<T>>(in, input.shape(), resolve(ex.isa)), to, biases, ex);
  }

 private:
  template <class Store, class Ex>
  void run_vectorised(source<factor_t<T>> const& in, Store to, value_type const* biases, Ex const& ex) const {
    channel_order order{extent[1]};
    if constexpr (is_shuffled<decltype(to.y)>)  // through a pixel_shuffle, if what stands between does not look at positions
      if (position_free<decltype(to.epilogue)> && p.groups == 1 && extent[1] / (to.y.r * to.y.r) % widest == 0)
        to.y.planes = true, order.planes = to.y.r * to.y.r;
    conv2d_vectorised(choose_conv2d<Algo, T, S>(weight.shape(), p), in, sink_of<value_type>(to, resolve(ex.isa)), extent, weight, biases, p,
                      order, kept.get(), ex);
  }
};

template <class Algo, class X, class T, class S>
auto conv2d(X&& x, tensor<T, 4, S> weight, tensor<arithmetic_t<T>, 1, S> bias, conv2d_params const& p,
            std::type_identity_t<std::shared_ptr<packed_weights<T>>> kept) {
  static_assert(!needs_vector_kernels<Algo> || has_vector_kernels<T, S>,
                "algo::direct and algo::winograd are for float, float16 and bfloat16 on a CPU; use algo::im2col or algo::reference");
  static_assert(!std::is_same_v<Algo, algo::im2col> || has_gemm<T, S>,
                "algo::im2col is for float and double, and for numbers of your own on a CPU; use algo::direct or algo::reference");
  index_t const biases = bias.extent(0);
  auto const shape = conv2d_shape("conv2d", x.shape(), weight.shape(), is_given(bias) ? &biases : nullptr, p);
  if (std::is_same_v<Algo, algo::winograd> && !winograd_can(weight.shape(), p))
    throw shape_error(text("conv2d: algo::winograd for a weight of shape ", weight.shape(),
                           "; expected a 3x3 window with stride 1, dilation 1 and one group"));
  return conv2d_node<bare<X>, T, S, Algo>(take(std::forward<X>(x)), std::move(weight), std::move(bias), p, shape, std::move(kept));
}
}  // namespace detail

/// 2-D cross-correlation with zero padding.
/// x (n, c, h, w);  weight (k, c / groups, r, s);  bias (k), or none;  returns (n, k, oh, ow) with
/// oh = (h + 2 padding - dilation (r - 1) - 1) / stride + 1, and ow likewise. Sums in float or double. Weights stored as bfloat16 round x
/// to bfloat16 too, and are multiplied so: up to twice as fast where the processor can. Weights stored as float16 are multiplied as floats.
/// An operand that has to be evaluated first (anything but stored tensors and concats of them) is stored as the weights are. Lazy, heavy:
/// runs once, and arithmetic around it is applied while it stores. Throws shape_error. Cost: 2 n k oh ow (c / groups) r s flop; by
/// Winograd's algorithm a quarter of that. It is the default for 3x3 windows of float, float16 and bfloat16 with stride 1, dilation 1, one
/// group and 16 channels or more on both sides; there a NaN or an infinity in x reaches all of the 4 x 4 results that are computed
/// together. algo::direct{} keeps it to its window. Same as torch.nn.functional.conv2d.
template <has_rank<4> X, class T, class S, class Algo = algo::automatic>
  requires same_element<X, tensor<T, 4, S>> && same_space<X, tensor<T, 4, S>>
auto conv2d(X&& x, tensor<T, 4, S> weight, std::type_identity_t<tensor<arithmetic_t<T>, 1, S>> bias, conv2d_params p = {}, Algo = {}) {
  return detail::conv2d<Algo>(std::forward<X>(x), std::move(weight), std::move(bias), p, nullptr);
}
template <has_rank<4> X, class T, class S>
  requires same_element<X, tensor<T, 4, S>> && same_space<X, tensor<T, 4, S>>
auto conv2d(X&& x, tensor<T, 4, S> weight, conv2d_params p = {}) {
  return detail::conv2d<algo::automatic>(std::forward<X>(x), std::move(weight), tensor<arithmetic_t<T>, 1, S>{}, p, nullptr);
}
template <has_rank<4> X, class T, class S, class Algo>
  requires same_element<X, tensor<T, 4, S>> && same_space<X, tensor<T, 4, S>>
auto conv2d(X&& x, tensor<T, 4, S> weight, conv2d_params p, Algo) {
  return detail::conv2d<Algo>(std::forward<X>(x), std::move(weight), tensor<arithmetic_t<T>, 1, S>{}, p, nullptr);
}

}  // namespace edvr::v1
