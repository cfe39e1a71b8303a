// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "edvr/ops/reduce.hpp"

namespace edvr::inline v1 {

namespace fn {
template <class X, class Index>
struct gather {
  static constexpr bool packs = false;
  X x;
  Index index;
  int axis;
  bool unit(int) const { return false; }
  EDVR_HD auto operator()(coord<X::rank> const& o) const {
    coord<X::rank> at = o;
    at[axis] = static_cast<index_t>(index(o));
    return x(at);
  }
};
}  // namespace fn

/// Elements chosen by position along one axis: y[i, j, k] = x[i, index[i, j, k], k] for axis 1 of rank 3. Shape
/// of index, whose other extents are at most those of x, and which is a tensor, as eval(argmax(x, 1, keepdim))
/// is. Runs at once, because its positions are checked first. Throws shape_error, also for a position outside
/// x. Same as torch.gather. Whole rows: broadcast_to the index. Evenly spaced elements: slice.
template <operand X, class S, executor Ex = default_executor_t<S>>
  requires same_space<X, tensor<std::int64_t, bare<X>::rank, S>> && pointwise<bare<X>>
auto gather(X const& x, int axis, tensor<std::int64_t, bare<X>::rank, S> const& index, Ex const& ex = {}) {
  constexpr int R = bare<X>::rank;
  detail::check_axis("gather", axis, R);
  auto const s = x.shape(), wanted = index.shape();
  for (int i = 0; i < R; ++i)
    if (i != axis && wanted[i] > s[i])
      throw shape_error(text("gather: index has shape ", wanted, "; expected at most the extents of x, ", s, ", on every axis but ", axis));
  auto y = empty<value_t<X>, S>(wanted);
  if (y.empty()) return y;
  if (s[axis] == 0) throw shape_error(text("gather: axis ", axis, " of x ", s, " is empty; there is nothing to choose from"));
  auto const least = to<cpu>(eval(min(index), ex), ex).item(), most = to<cpu>(eval(max(index), ex), ex).item();
  if (least < 0 || most >= s[axis])
    throw shape_error(text("gather: index has positions from ", least, " to ", most, "; expected 0 to ", s[axis] - 1, ", because axis ",
                           axis, " of x has extent ", s[axis]));
  ex.for_each(y.writable(), fn::gather<reader_t<bare<X>>, reader_t<tensor<std::int64_t, R, S>>>{reader(x), index.read(), axis});
  return y;
}

}  // namespace edvr::v1
