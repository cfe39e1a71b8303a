// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <utility>

#include "edvr/core/expression.hpp"

namespace edvr::inline v1 {

/// What lies outside: a value; the nearest edge element; or the mirror image without repeating the edge (needs padding < extent).
enum class pad_mode { constant, replicate, reflect };

namespace detail {
template <class A>
struct pad_node {
  using value_type = value_t<A>;
  using space = space_t<A>;
  using index_map = void;
  static constexpr int rank = A::rank, heavy_nodes = heavy_nodes_of<A>;
  static constexpr bool has_last = false, packs = false;
  coord<rank> extent, before, inner;
  pad_mode mode;
  value_type value;
  A a;
  coord<rank> shape() const { return extent; }
  bool unit(int) const { return false; }
  void expand_to(coord<rank> const& s) const { detail::refuse_repeat("pad", extent, s); }
  template <class... V>
  EDVR_HD value_type operator()(coord<rank> at, V const&... v) const {
    for (int i = 0; i < rank; ++i) {
      index_t p = at[i] - before[i];
      index_t const n = inner[i];
      if (p < 0 || p >= n) {
        if (mode == pad_mode::constant) return value;
        if (mode == pad_mode::replicate)
          p = p < 0 ? 0 : n - 1;
        else
          p = p < 0 ? -p : 2 * (n - 1) - p;
      }
      at[i] = p;
    }
    return a(at, v...);
  }
  template <class G>
  auto map(G const& g) const {
    return pad_node<decltype(g(a))>{extent, before, inner, mode, value, g(a)};
  }
  template <class G>
  void operands(G const& g) const {
    g(a);
  }
};
}  // namespace detail

/// before[i] elements put in front of axis i and after[i] behind it. Lazy. Throws shape_error for negative padding, for replicate of an
/// empty axis, and for reflect by the extent or more. Same as torch.nn.functional.pad, which counts axes from the last.
template <operand A>
auto pad(A&& a, coord<bare<A>::rank> const& before, coord<bare<A>::rank> const& after, pad_mode mode = pad_mode::constant,
         value_t<A> value = {}) {
  auto const inner = a.shape();
  auto extent = inner;
  for (int i = 0; i < bare<A>::rank; ++i) {
    index_t const most = before[i] > after[i] ? before[i] : after[i];
    if (before[i] < 0 || after[i] < 0) throw shape_error(text("pad: padding ", before, " and ", after, "; expected none below 0"));
    if (most > 0 && mode == pad_mode::replicate && inner[i] == 0)
      throw shape_error(text("pad: axis ", i, " of ", inner, " is empty: nothing to replicate"));
    if (most > 0 && mode == pad_mode::reflect && most >= inner[i])
      throw shape_error(text("pad: reflection by ", most, " on axis ", i, " of ", inner, "; expected less than the extent"));
    constexpr index_t farthest = index_t{1} << 60;
    if (most > farthest || inner[i] > farthest)
      throw shape_error(text("pad: padding ", before, " and ", after, " of ", inner, "; expected none over 2^60"));
    extent[i] += before[i] + after[i];
  }
  return detail::pad_node<bare<A>>{extent, before, inner, mode, value, take(std::forward<A>(a))};
}

}  // namespace edvr::v1
