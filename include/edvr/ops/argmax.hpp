// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <utility>

#include "edvr/ops/reduce.hpp"

namespace edvr::inline v1 {

namespace fn {
/// Does b come before a? NaN comes before all.
struct comes_first_largest {
  static constexpr char const* name = "argmax";
  template <class T>
  EDVR_HD bool operator()(T const& a, T const& b) const {
    return a < b || (b != b && a == a);
  }
};
struct comes_first_smallest {
  static constexpr char const* name = "argmin";
  template <class T>
  EDVR_HD bool operator()(T const& a, T const& b) const {
    return b < a || (b != b && a == a);
  }
};
/// Where along one axis the element stands that comes first; of equal ones the first.
template <class Order, class X, int Out>
struct arg_first {
  static constexpr bool packs = false;
  X x;
  index_t count;
  int axis;
  bool unit(int) const { return false; }
  index_t cost() const { return count; }
  EDVR_HD std::int64_t operator()(coord<Out> const& o) const {
    coord<X::rank> at{};
    for (int i = 0; i < X::rank; ++i)
      if (i != axis) at[i] = o[Out == X::rank || i < axis ? i : i - 1];
    auto best = x(at);
    std::int64_t where = 0;
    for (index_t i = 1; i < count; ++i) {
      at[axis] = i;
      auto const v = x(at);
      if (Order{}(best, v)) best = v, where = i;
    }
    return where;
  }
};
}  // namespace fn

namespace detail {
template <class Order, class X, int Out>
struct arg_node : private used_twice_name_its_value_with_eval {
  using value_type = std::int64_t;
  using space = space_t<X>;
  using runs_once = void;
  static constexpr int rank = Out, heavy_nodes = X::heavy_nodes + 1;
  static constexpr bool has_last = true;
  X x;
  int axis;
  arg_node(X operand, int over) : x(std::move(operand)), axis(over) {}
  coord<Out> shape() const {
    auto const s = x.shape();
    coord<Out> r{};
    for (int i = 0, j = 0; i < X::rank; ++i)
      if (i != axis || Out == X::rank) r[j++] = i == axis ? 1 : s[i];
    return r;
  }
  bool makes_channels_last() const { return wants_channels_last(x); }
  void expand_to(coord<Out> const& s) const { detail::refuse_repeat(Order::name, shape(), s); }
  template <class G>
  void operands(G const& g) const {
    g(x);
  }
  template <class Store, class Ex>
  void run(Store const& to, Ex const& ex) const {
    auto const input = settle(x, ex);
    ex.for_each(
        to.y, composed{fn::arg_first<Order, reader_t<bare<decltype(input)>>, Out>{reader(input), input.shape()[axis], axis}, to.epilogue});
  }
};
template <class Order, int Out, class X>
auto arg(X&& x, int axis) {
  check_axis(Order::name, axis, bare<X>::rank);
  if (x.shape()[axis] == 0)
    throw shape_error(text(Order::name, ": axis ", axis, " of ", x.shape(), " is empty; there is no ", Order::name, " of nothing"));
  return arg_node<Order, bare<X>, Out>(take(std::forward<X>(x)), axis);
}
}  // namespace detail

/// Position of the largest (smallest) element along one axis, which disappears, or stays with extent 1: argmax(x, 1) of (n, c, h, w) is
/// (n, h, w) of int64. Of equal elements the first; the first NaN if there is one. Over all elements: argmax(reshape(x, {n}), 0).
/// Lazy, heavy. Throws shape_error for an empty axis. Same as torch.argmax and torch.argmin.
template <operand X>
auto argmax(X&& x, int axis) {
  return detail::arg<fn::comes_first_largest, bare<X>::rank - 1>(std::forward<X>(x), axis);
}
template <operand X>
auto argmax(X&& x, int axis, keepdim_t) {
  return detail::arg<fn::comes_first_largest, bare<X>::rank>(std::forward<X>(x), axis);
}
template <operand X>
auto argmin(X&& x, int axis) {
  return detail::arg<fn::comes_first_smallest, bare<X>::rank - 1>(std::forward<X>(x), axis);
}
template <operand X>
auto argmin(X&& x, int axis, keepdim_t) {
  return detail::arg<fn::comes_first_smallest, bare<X>::rank>(std::forward<X>(x), axis);
}

}  // namespace edvr::v1
