// SPDX-License-Identifier: Apache-2.0
// What assign refuses: destinations that reach one element twice, and expressions that still read what is being written.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <type_traits>
#include <utility>
#include <vector>

#include "edvr/core/expression.hpp"

namespace edvr::inline v1::detail {

/// Does a view reach an element at two positions? Of strides that no nesting explains, all offsets are compared.
template <class V>
bool repeats_itself(V const& v) {
  if (volume(v.extent) == 0) return false;
  std::array<std::pair<index_t, index_t>, V::rank> axes;  // |stride|, extent
  for (int i = 0; i < V::rank; ++i) axes[static_cast<std::size_t>(i)] = {v.extent[i] == 1 ? 0 : std::abs(v.step[i]), v.extent[i]};
  std::sort(axes.begin(), axes.end());
  index_t reach = 0;  // of the axes so far
  bool nested = true;
  for (auto [step, extent] : axes) {
    if (extent == 1) continue;
    if (step == 0) return true;
    nested = nested && step > reach;
    reach += (extent - 1) * step;
  }
  if (nested) return false;
  if (reach + 1 < volume(v.extent)) return true;  // more positions than elements
  std::vector<index_t> offsets(static_cast<std::size_t>(volume(v.extent)));
  coord<V::rank> at{};
  for (auto& o : offsets) {
    o = 0;
    for (int i = 0; i < V::rank; ++i) o += at[i] * v.step[i];
    advance(at, v.extent);
  }
  std::sort(offsets.begin(), offsets.end());
  return std::adjacent_find(offsets.begin(), offsets.end()) != offsets.end();
}
/// First and one-past-last byte that a view touches.
template <class V>
std::pair<std::uintptr_t, std::uintptr_t> bytes_of(V const& v) {
  index_t low = 0, high = 0;
  for (int i = 0; i < V::rank; ++i) {
    if (v.extent[i] == 0) return {0, 0};
    (v.step[i] < 0 ? low : high) += (v.extent[i] - 1) * v.step[i];
  }
  auto const* const p = reinterpret_cast<char const*>(v.data);
  auto const size = static_cast<index_t>(sizeof(typename V::element_type));
  return {reinterpret_cast<std::uintptr_t>(p + low * size), reinterpret_cast<std::uintptr_t>(p + (high + 1) * size)};
}
/// Does each position mean the same element of both? y and x have one shape.
template <class V>
bool same_elements(V const& y, auto const& x) {
  bool same = y.data == x.data;
  for (int i = 0; i < V::rank; ++i) same = same && (y.step[i] == x.step[i] || y.extent[i] <= 1);
  return same;
}
template <class Y, class X>
void refuse_overlap(Y const& y, X const& x, bool same_index) {
  auto const a = bytes_of(y), b = bytes_of(x);
  if (a.first >= b.second || b.first >= a.second) return;
  if constexpr (std::is_same_v<typename Y::element_type, typename X::element_type> && Y::rank == X::rank)
    if (same_index && same_elements(y, x)) return;  // each element read and written once, at one position: in place
  throw alias_error("assign: the expression reads, at other positions than it writes, memory of its destination; use eval");
}
template <class Y, class E>
void refuse_late_reads(Y const& y, E const& e, bool same_index, bool late = false);
/// refuse_late_reads of a tree that stores into y itself: through an index map, if it can, and then no temporary comes between.
template <class Y, class E>
void refuse_reads_of_stored(Y const& y, E const& e, bool same_index, bool late = false) {
  if constexpr (stored_through<E>)
    refuse_late_reads(y, e.a, false, late);
  else
    refuse_late_reads(y, e, same_index, late);
}
/// Visits what is still read while y is being written; what has run into a temporary by then does not count.
/// late: part of y may be written already when anything below e runs, as it is for the second operand of a concat.
template <class Y, class E>
void refuse_late_reads(Y const& y, E const& e, bool same_index, bool late) {
  if constexpr (requires { e.owner(); }) {
    if (e) refuse_overlap(y, e.read(), same_index);
  } else if constexpr (concat_of_two<E> && !pointwise<E>) {
    refuse_reads_of_stored(y, e.a, false, late);
    refuse_reads_of_stored(y, e.b, false, true);
  } else if constexpr (requires { e.operands([](auto const&) {}); }) {
    void const* way = nullptr;
    if constexpr (requires { e.toward_last(); } && E::has_last) way = &e.toward_last();
    e.operands([&]<class A>(A const& a) {
      bool settled = false;
      if constexpr (heavy<E>)
        settled = A::has_last || (concat_of_two<A> && !pointwise<A>);
      else if constexpr (A::has_last)
        settled = static_cast<void const*>(&a) != way;
      if (late || !settled) refuse_late_reads(y, a, same_index && !heavy<E> && !index_map<E>, late);
    });
  }
}

}  // namespace edvr::inline v1::detail
