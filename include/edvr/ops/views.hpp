// SPDX-License-Identifier: Apache-2.0
// Other ways to look at the same elements. On a tensor they cost nothing and share
// memory; on any other expression permute, slice and flip are lazy index maps.
#pragma once
#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include "edvr/core/eval.hpp"

namespace edvr::inline v1 {

namespace detail {
/// Element `at` is element m(at) of a. A heavy node stores through it only if m says where each of its results goes (pixel_shuffle).
template <class M, class A>
struct mapped {
  using value_type = value_t<A>;
  using space = space_t<A>;
  using index_map = void;
  static constexpr int rank = M::rank, heavy_nodes = heavy_nodes_of<A>;
  static constexpr bool has_last = false, packs = false;
  M m;
  A a;
  coord<rank> shape() const { return m.extent; }
  bool unit(int) const { return false; }
  void expand_to(coord<rank> const& s) const {
    if (!(s == shape())) throw shape_error(text(M::name, ": result ", shape(), " would be repeated to ", s, "; write eval(...) around it"));
  }
  template <class... V>
  EDVR_HD value_type operator()(coord<rank> const& at, V const&... v) const {
    return a(m(at), v...);
  }
  template <class G>
  auto map(G const& g) const {
    return mapped<M, decltype(g(a))>{m, g(a)};
  }
  template <class G>
  void operands(G const& g) const {
    g(a);
  }
};
template <class M, class A>
mapped(M, A) -> mapped<M, A>;

/// Axis i of the result is axis axes[i]; along it the result starts at `start` and takes every step-th element.
template <int R>
struct strided_map {
  static constexpr int rank = R;
  static constexpr char const* name = "slice, flip, permute or transpose";
  coord<R> extent, axes, start, step;
  EDVR_HD coord<R> operator()(coord<R> const& at) const {
    coord<R> from{};
    for (int i = 0; i < R; ++i) from[static_cast<int>(axes[i])] = start[i] + at[i] * step[i];
    return from;
  }
};
template <class A>
inline constexpr bool is_tensor = false;
template <class T, int R, class S>
inline constexpr bool is_tensor<tensor<T, R, S>> = true;

template <operand A, int R>
auto strided(A&& a, strided_map<R> const& m) {
  if constexpr (is_tensor<bare<A>>) {
    coord<R> step{};
    index_t start = a.start();
    for (int i = 0; i < R; ++i) {
      index_t const s = a.strides()[static_cast<int>(m.axes[i])];
      step[i] = s * m.step[i];
      start += s * m.start[i];
    }
    return bare<A>(a.owner(), start, m.extent, step);
  } else {
    return mapped{m, take(std::forward<A>(a))};
  }
}
template <int R>
strided_map<R> same_view(coord<R> const& s) {
  strided_map<R> m{s, {}, {}, {}};
  for (int i = 0; i < R; ++i) m.axes[i] = i, m.step[i] = 1;
  return m;
}
inline void check_axis(char const* who, int axis, int rank) {
  if (axis < 0 || axis >= rank) throw shape_error(text(who, ": axis ", axis, "; expected 0 to ", rank - 1, ", because the rank is ", rank));
}
}  // namespace detail

/// Axes in another order: permute(x, {0, 2, 3, 1}) is NCHW seen as NHWC.
/// Throws shape_error unless each axis occurs once. Same as torch.permute.
template <operand A, std::size_t N>
  requires(static_cast<int>(N) == bare<A>::rank)
auto permute(A&& a, int const (&axes)[N]) {
  auto m = detail::same_view(a.shape());
  bool seen[N] = {};
  for (std::size_t i = 0; i < N; ++i) {
    detail::check_axis("permute", axes[i], bare<A>::rank);
    if (std::exchange(seen[axes[i]], true)) throw shape_error(text("permute: axis ", axes[i], " is given twice; expected each axis once"));
    m.axes[static_cast<int>(i)] = axes[i];
    m.extent[static_cast<int>(i)] = a.shape()[axes[i]];
  }
  return detail::strided(std::forward<A>(a), m);
}
/// Two axes exchanged: transpose(x, 2, 3) turns the matrices of a batch. Of a tensor a view. Lazy. Throws shape_error. Same as
/// torch.transpose.
template <operand A>
auto transpose(A&& a, int first, int second) {
  auto m = detail::same_view(a.shape());
  for (int axis : {first, second}) detail::check_axis("transpose", axis, bare<A>::rank);
  std::swap(m.axes[first], m.axes[second]);
  std::swap(m.extent[first], m.extent[second]);
  return detail::strided(std::forward<A>(a), m);
}
/// Elements from, from + step, ... before `to` along one axis; of a tensor a view. Lazy. Throws shape_error unless
/// 0 <= from <= to <= extent and step >= 1. Same as x[..., from:to:step].
template <operand A>
auto slice(A&& a, int axis, index_t from, index_t to, index_t step = 1) {
  detail::check_axis("slice", axis, bare<A>::rank);
  index_t const n = a.shape()[axis];
  if (from < 0 || from > to || to > n || step < 1)
    throw shape_error(
        text("slice: ", from, " to ", to, " step ", step, " of axis ", axis, "; expected 0 <= from <= to <= ", n, " and step >= 1"));
  auto m = detail::same_view(a.shape());
  m.start[axis] = from;
  m.extent[axis] = to > from ? (to - from - 1) / step + 1 : 0;
  m.step[axis] = m.extent[axis] > 1 ? step : 1;  // a step that is never taken may be huge
  return detail::strided(std::forward<A>(a), m);
}
/// A part of an axis: from, from + step, ... before `to`, or for a negative step down to the one after `to` (-1: down to the first).
/// Without numbers: all of it.
struct range {
  index_t from = 0, to = std::numeric_limits<index_t>::max(), step = 1;
};
/// A part of every axis: slice(x, {{0, 2}, {}, {7, -1, -2}}). Throws shape_error for a range that leaves its axis.
template <operand A, std::size_t N>
  requires(static_cast<int>(N) == bare<A>::rank)
auto slice(A&& a, range const (&ranges)[N]) {
  auto m = detail::same_view(a.shape());
  for (int i = 0; i < static_cast<int>(N); ++i) {
    index_t const n = m.extent[i], step = ranges[i].step, to = ranges[i].to == range{}.to ? n : ranges[i].to, from = ranges[i].from;
    bool const inside = step > 0 ? 0 <= from && from <= to && to <= n
                                 : step < 0 && step >= -range{}.to && -1 <= to && to <= from && from < n && (from >= 0 || n == 0);
    if (!inside)
      throw shape_error(text("slice: ", from, " to ", to, " step ", step, " of axis ", i, "; expected 0 <= from <= to <= ", n,
                             " and step >= 1, or ", n - 1, " >= from >= to >= -1 and step <= -1"));
    index_t const distance = step > 0 ? to - from : from - to, stride = step > 0 ? step : -step;
    m.start[i] = std::max<index_t>(from, 0);
    m.extent[i] = distance > 0 ? (distance - 1) / stride + 1 : 0;
    m.step[i] = m.extent[i] > 1 ? step : 1;
  }
  return detail::strided(std::forward<A>(a), m);
}
/// The order along one axis reversed. Throws shape_error. Same as torch.flip of one axis.
template <operand A>
auto flip(A&& a, int axis) {
  detail::check_axis("flip", axis, bare<A>::rank);
  auto m = detail::same_view(a.shape());
  m.step[axis] = -1;
  m.start[axis] = std::max<index_t>(m.extent[axis] - 1, 0);
  return detail::strided(std::forward<A>(a), m);
}

/// One position of an axis, which disappears: select(video, 0, t) is frame t.
/// Throws shape_error. Same as torch.select, without positions from the end.
template <class T, int R, class S>
tensor<T, R - 1, S> select(tensor<T, R, S> const& x, int axis, index_t i) {
  detail::check_axis("select", axis, R);
  if (i < 0 || i >= x.extent(axis))
    throw shape_error(text("select: position ", i, " of axis ", axis, "; expected 0 to ", x.extent(axis) - 1));
  coord<R - 1> extent{}, step{};
  for (int j = 0; j < R - 1; ++j) {
    int const from = j < axis ? j : j + 1;
    extent[j] = x.extent(from), step[j] = x.strides()[from];
  }
  return {x.owner(), x.start() + i * x.strides()[axis], extent, step};
}
/// An axis of extent 1 removed. Throws shape_error if it has another extent (torch.squeeze leaves it then).
template <class T, int R, class S>
tensor<T, R - 1, S> squeeze(tensor<T, R, S> const& x, int axis) {
  detail::check_axis("squeeze", axis, R);
  if (x.extent(axis) != 1)
    throw shape_error(text("squeeze: axis ", axis, " of ", x.shape(), " has extent ", x.extent(axis), "; expected 1"));
  return select(x, axis, 0);
}
/// A new axis of extent 1 in front of `axis` (axis = rank: at the end). Throws shape_error. Same as torch.unsqueeze.
template <class T, int R, class S>
tensor<T, R + 1, S> unsqueeze(tensor<T, R, S> const& x, int axis) {
  detail::check_axis("unsqueeze", axis, R + 1);
  coord<R + 1> extent{}, step{};
  for (int j = 0; j < R + 1; ++j) {
    extent[j] = j == axis ? 1 : x.extent(j < axis ? j : j - 1);
    step[j] = j == axis ? 1 : x.strides()[j < axis ? j : j - 1];
  }
  return {x.owner(), x.start(), extent, step};
}
/// Axes of extent 1 repeated, and axes put in front, without copying (strides of 0). Throws shape_error. Same as torch.broadcast_to.
template <class T, int R, class S, int To>
tensor<T, To, S> broadcast_to(tensor<T, R, S> const& x, coord<To> const& s) {
  static_assert(To >= R, "broadcast_to: the target has a lower rank");
  checked_volume("broadcast_to", s, sizeof(T));
  auto y = x.template promoted<To>();
  if (!(broadcast("broadcast_to", y.shape(), s) == s))
    throw shape_error(text("broadcast_to: ", x.shape(), " cannot become ", s, "; extents must be equal or 1"));
  y.expand_to(s);
  return y;
}
namespace detail {
/// Strides under which the same elements have other extents, if there are any. Runs of old axes are matched with runs of new axes of the
/// same number of elements; within a run the old axes must be one row-major stretch.
template <int R, int To>
bool reshaped_strides(coord<R> const& from, coord<R> const& step, coord<To> const& to, coord<To>& result) {
  coord<R> extent{}, old_step{};
  int axes = 0;
  for (int i = 0; i < R; ++i)
    if (from[i] != 1) extent[axes] = from[i], old_step[axes++] = step[i];
  result = row_major(to);
  for (int i = 0, j = 0; i < axes && j < To;) {
    int i_end = i + 1, j_end = j + 1;
    for (index_t a = extent[i], b = to[j]; a != b;) {
      if (b < a)
        b *= to[j_end++];
      else
        a *= extent[i_end++];
    }
    for (int k = i; k + 1 < i_end; ++k)
      if (old_step[k] != old_step[k + 1] * extent[k + 1]) return false;
    index_t at = old_step[i_end - 1];
    for (int k = j_end; k-- > j;) result[k] = at, at *= to[k];
    i = i_end, j = j_end;
  }
  return true;
}
}  // namespace detail

/// The elements, read in row-major order, under other extents: a view where the strides allow it, else a copy. Throws shape_error if the
/// number of elements differs. Same as torch.reshape.
template <class T, int R, class S, int To>
tensor<T, To, S> reshape(tensor<T, R, S> const& x, coord<To> const& s) {
  if (checked_volume("reshape", s, sizeof(T)) != x.size())
    throw shape_error(text("reshape: ", x.shape(), " has ", x.size(), " elements; ", s, " needs ", volume(s)));
  coord<To> step = row_major(s);
  if (x.empty() || detail::reshaped_strides(x.shape(), x.strides(), s, step)) return {x.owner(), x.start(), s, step};
  auto const y = contiguous(x);
  return {y.owner(), y.start(), s, row_major(s)};
}
template <class T, int R, class S, std::size_t N>
auto reshape(tensor<T, R, S> const& x, index_t const (&extents)[N]) {
  return reshape(x, detail::coord_of(extents));
}
template <class T, int R, class S, std::size_t N>
auto broadcast_to(tensor<T, R, S> const& x, index_t const (&extents)[N]) {
  return broadcast_to(x, detail::coord_of(extents));
}

}  // namespace edvr::v1
