// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <type_traits>
#include <utility>

#include "edvr/ops/algorithm.hpp"
#include "edvr/ops/concat.hpp"
#include "edvr/ops/conv2d_im2col.hpp"
#include "edvr/ops/conv2d_params.hpp"

namespace edvr::inline v1 {

namespace fn {
/// One output element: the plain sum.
template <class X, class T>
struct conv2d_reference {
  static constexpr bool packs = false;
  X x;
  coord<4> in;
  view<T const, 4, typename X::space> weight;
  T const* bias;  // may be null
  conv2d_params p;
  bool unit(int) const { return false; }
  EDVR_HD T operator()(coord<4> const& o) const {
    index_t const c = weight.extent[1], first = o[1] / (weight.extent[0] / p.groups) * c;  // channels of o's group
    T sum = bias ? bias[o[1]] : T(0);
    for (index_t i = 0; i < weight.extent[2]; ++i) {
      index_t const h = o[2] * p.stride.y - p.padding.y + i * p.dilation.y;
      if (h < 0 || h >= in[2]) continue;
      for (index_t j = 0; j < weight.extent[3]; ++j) {
        index_t const w = o[3] * p.stride.x - p.padding.x + j * p.dilation.x;
        if (w < 0 || w >= in[3]) continue;
        for (index_t a = 0; a < c; ++a) sum += x(coord<4>{{o[0], first + a, h, w}}) * weight(coord<4>{{o[1], a, i, j}});
      }
    }
    return sum;
  }
};
}  // namespace fn

namespace detail {
/// Is an element of this tree one stored element? Windows read every element r s times: anything dearer is evaluated first.
template <class E>
inline constexpr bool is_stored = is_tensor<E>;
template <class A, class B, int Axis>
inline constexpr bool is_stored<concat_node<A, B, Axis>> = is_stored<A> && is_stored<B>;

/// A pointwise equivalent of e that is cheap to read many times.
template <class E, class Ex>
auto settle_for_windows(E const& e, Ex const& ex) {
  auto settled = settle(e, ex);
  if constexpr (is_stored<decltype(settled)>)
    return settled;
  else
    return run(settled, ex);
}
template <class T, class S>
tensor<T, 1, S> dense(tensor<T, 1, S> const& bias) {
  return bias ? contiguous(bias) : bias;
}

template <class X, class T, class S, class Algo>
struct conv2d_node : private used_twice_name_its_value_with_eval {
  using value_type = T;
  using space = S;
  using runs_once = void;
  static constexpr int rank = 4, heavy_nodes = X::heavy_nodes + 1;
  static constexpr bool has_last = true;
  X x;
  tensor<T, 4, S> weight;
  tensor<T, 1, S> bias;
  conv2d_params p;
  coord<4> extent;

  conv2d_node(X input, tensor<T, 4, S> w, tensor<T, 1, S> b, conv2d_params const& params, coord<4> const& result)
      : x(std::move(input)), weight(std::move(w)), bias(std::move(b)), p(params), extent(result) {}
  coord<4> shape() const { return extent; }
  static constexpr bool makes_channels_last() { return true; }
  void expand_to(coord<4> const& s) const {
    if (!(s == extent)) throw shape_error(text("conv2d: result ", extent, " would be repeated to ", s, "; write eval(conv2d(...))"));
  }
  template <class G>
  void operands(G const& g) const {
    g(x), g(weight), g(bias);
  }
  template <class Store, class Ex>
  void run(Store const& to, Ex const& ex) const {
    auto const input = settle_for_windows(x, ex);
    auto const in = reader(input);
    auto const b = dense(bias);
    T const* const biases = b ? b.data() : nullptr;
    if constexpr (choose<Algo, T, S>() == algorithm::im2col)
      conv2d_im2col(source_of(in, input.shape()), sink_of<T>(to), extent, weight.read(), biases, p, ex);
    else
      ex.for_each(to.y, composed{fn::conv2d_reference<bare<decltype(in)>, T>{in, input.shape(), weight.read(), biases, p}, to.epilogue});
  }
};
}  // namespace detail

/// 2-D cross-correlation with zero padding.
/// x (n, c, h, w);  weight (k, c / groups, r, s);  bias (k), or none;  returns (n, k, oh, ow) with
/// oh = (h + 2 padding - dilation (r - 1) - 1) / stride + 1, and ow likewise. Sums in T.
/// Lazy, heavy: runs once, and arithmetic around it is applied while it stores. Throws shape_error. Cost: 2 n k oh ow (c / groups) r s flop.
/// Same as torch.nn.functional.conv2d.
template <has_rank<4> X, class T = value_t<X>, class S = space_t<X>, class Algo = algo::automatic>
auto conv2d(X&& x, std::type_identity_t<tensor<T, 4, S>> weight, std::type_identity_t<tensor<T, 1, S>> bias, conv2d_params p = {}, Algo = {}) {
  index_t const biases = bias ? bias.extent(0) : 0;
  auto const shape = detail::conv2d_shape("conv2d", x.shape(), weight.shape(), bias ? &biases : nullptr, p);
  return detail::conv2d_node<bare<X>, T, S, Algo>(take(std::forward<X>(x)), std::move(weight), std::move(bias), p, shape);
}
template <has_rank<4> X, class T = value_t<X>, class S = space_t<X>, class Algo = algo::automatic>
auto conv2d(X&& x, std::type_identity_t<tensor<T, 4, S>> weight, conv2d_params p = {}, Algo algorithm = {}) {
  return conv2d(std::forward<X>(x), std::move(weight), tensor<T, 1, S>{}, p, algorithm);
}

}  // namespace edvr::v1
