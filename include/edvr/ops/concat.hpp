// SPDX-License-Identifier: Apache-2.0
// Operands side by side along one axis. Each heavy operand stores straight into its part of the result.
#pragma once
#include <limits>
#include <utility>

#include "edvr/core/expression.hpp"
#include "edvr/ops/views.hpp"

namespace edvr::inline v1 {

namespace detail {
template <class A, class B, int Axis>
struct concat_node {
  using value_type = value_t<A>;
  using space = space_t<A>;
  using index_map = void;
  static constexpr int rank = A::rank, axis = Axis, heavy_nodes = heavy_nodes_of<A> + heavy_nodes_of<B>;
  static constexpr bool has_last = false, packs = packs_of<A> && packs_of<B>;
  index_t split_axis, total;
  A a;
  B b;
  coord<rank> shape() const {
    auto s = a.shape();
    s[Axis] = total;
    return s;
  }
  bool unit(int i) const { return a.unit(i) && b.unit(i); }
  void expand_to(coord<rank> const& s) const { detail::refuse_repeat("concat", shape(), s); }
  template <class... V>
  EDVR_HD value_type operator()(coord<rank> at, V const&... v) const {
    if (at[Axis] < split_axis) return a(at, v...);
    at[Axis] -= split_axis;
    return b(at, v...);
  }
  template <int W, int Along, class... V>
  EDVR_HD pack<value_type, W> operator()(lanes<W, rank, Along> l, V const&... v) const {
    if (l.at[Axis] >= split_axis) {
      l.at[Axis] -= split_axis;
      return b(l, v...);
    }
    if constexpr (Along != Axis) {
      return a(l, v...);
    } else {
      if (l.at[Axis] + W <= split_axis) return a(l, v...);
      pack<value_type, W> p;
      for (int i = 0; i < W; ++i, ++l.at[Along]) p.lane[i] = (*this)(l.at, v...);
      return p;
    }
  }
  template <class G>
  auto map(G const& g) const {
    return concat_node<decltype(g(a)), decltype(g(b)), Axis>{split_axis, total, g(a), g(b)};
  }
  template <class G>
  void operands(G const& g) const {
    g(a), g(b);
  }
};
}  // namespace detail

/// Operands one after the other along Axis (channels unless given), which alone may differ in extent. Lazy. Throws shape_error.
/// concat(a, b, c), concat<0>(a, b). Same as torch.cat.
template <int Axis = 1, operand A, operand B>
  requires same_space<A, B> && same_rank<A, B> && same_element<A, B>
auto concat(A&& a, B&& b) {
  static_assert(Axis >= 0 && Axis < bare<A>::rank, "concat: Axis must be an axis of the operands; concat<0>(a, b) joins vectors");
  auto s = a.shape();
  index_t const split = s[Axis], more = b.shape()[Axis];
  s[Axis] = more;
  if (!(s == b.shape())) throw shape_error(text("concat: shapes ", a.shape(), " and ", b.shape(), " may differ on axis ", Axis, " only"));
  if (more > std::numeric_limits<index_t>::max() - split)
    throw shape_error(text("concat: extents ", split, " and ", more, " of axis ", Axis, " need more than 2^63 elements"));
  return detail::concat_node<bare<A>, bare<B>, Axis>{split, split + more, take(std::forward<A>(a)), take(std::forward<B>(b))};
}
template <int Axis = 1, operand A, operand B, operand C, operand... More>
auto concat(A&& a, B&& b, C&& c, More&&... more) {
  return concat<Axis>(concat<Axis>(std::forward<A>(a), std::forward<B>(b)), std::forward<C>(c), std::forward<More>(more)...);
}

/// Tensors of one shape along a new axis. stack(a, b): (2, ...). Lazy. Throws shape_error. Same as torch.stack.
template <int Axis = 0, class T, int R, class S, class... More>
auto stack(tensor<T, R, S> const& a, More const&... more) {
  if constexpr (sizeof...(More) == 0)
    return unsqueeze(a, Axis);
  else
    return concat<Axis>(unsqueeze(a, Axis), unsqueeze(more, Axis)...);
}

}  // namespace edvr::v1
