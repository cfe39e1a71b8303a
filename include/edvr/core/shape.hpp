// SPDX-License-Identifier: Apache-2.0
// Fixed-rank integer tuples: positions, extents and strides.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "edvr/core/error.hpp"

namespace edvr::inline v1 {

/// Signed 64-bit everywhere: frames times channels pass 2^31.
using index_t = std::int64_t;

/// R integers: one position, the extents of a tensor, or its strides in elements. An aggregate, so {1, 3, 4, 4} makes one.
template <int R>
struct coord {
  static_assert(R >= 0 && R <= 5, "tensors have rank 0 to 5");
  index_t at[std::size_t{R > 0 ? R : 1}];

  EDVR_HD constexpr index_t& operator[](int axis) { return at[axis]; }
  EDVR_HD constexpr index_t operator[](int axis) const { return at[axis]; }
  friend constexpr bool operator==(coord const& a, coord const& b) {
    for (int i = 0; i < R; ++i)
      if (a.at[i] != b.at[i]) return false;
    return true;
  }
};
template <int R>
using shape = coord<R>;
template <int R>
using strides = coord<R>;

namespace detail {
/// Extents written in braces.
template <std::size_t N>
constexpr auto coord_of(index_t const (&extents)[N]) {
  coord<static_cast<int>(N)> s{};
  for (std::size_t i = 0; i < N; ++i) s.at[i] = extents[i];
  return s;
}
}  // namespace detail

/// Two integers, (vertical, horizontal); one integer stands for both.
struct pair {
  index_t y, x;
  constexpr pair(index_t both) : y(both), x(both) {}
  constexpr pair(index_t vertical, index_t horizontal) : y(vertical), x(horizontal) {}
  friend constexpr bool operator==(pair const&, pair const&) = default;
};

/// Number of elements. Extents that passed checked_volume cannot overflow here.
template <int R>
EDVR_HD constexpr index_t volume(coord<R> const& s) {
  index_t v = 1;
  for (int i = 0; i < R; ++i) v *= s[i];
  return v;
}

template <int R>
void append_text(std::string& to, coord<R> const& s) {
  to += '(';
  for (int i = 0; i < R; ++i) to += (i ? ", " : "") + std::to_string(s[i]);
  to += ')';
}
inline void append_text(std::string& to, pair const& p) { to += text('(', p.y, ", ", p.x, ')'); }

/// Number of elements of a shape that a caller or a file gave. Throws shape_error if an extent is negative or bytes would not fit 63 bits.
template <int R>
index_t checked_volume(char const* who, coord<R> const& s, index_t element_size = 1) {
  bool empty = false;
  index_t v = element_size;  // extents of 0 count as 1, so that strides cannot overflow either
  for (int i = 0; i < R; ++i) {
    if (s[i] < 0) throw shape_error(text(who, ": shape ", s, " has a negative extent on axis ", i, "; expected none below 0"));
    empty = empty || s[i] == 0;
    index_t const n = s[i] > 0 ? s[i] : 1;
    if (v > std::numeric_limits<index_t>::max() / n) throw shape_error(text(who, ": shape ", s, " needs more than 2^63 bytes"));
    v *= n;
  }
  return empty ? 0 : v / element_size;
}

/// An extent times a factor that a caller gave, of any sign. Throws shape_error beyond 63 bits.
inline index_t checked_product(char const* who, index_t extent, index_t factor) {
  index_t const most = extent > 0 ? std::numeric_limits<index_t>::max() / extent : std::numeric_limits<index_t>::max();
  if (factor > most || factor < -most)
    throw shape_error(text(who, ": ", factor, " times an extent of ", extent, " needs more than 2^63 elements"));
  return extent * factor;
}

/// Strides of a tensor whose last axis is contiguous.
template <int R>
constexpr coord<R> row_major(coord<R> const& s) {
  coord<R> step{};
  index_t n = 1;
  for (int i = R; i-- > 0;) step[i] = n, n *= s[i] > 0 ? s[i] : 1;
  return step;
}
/// Strides of (n, c, h, w) with channels contiguous: memory order n, h, w, c.
constexpr coord<4> channels_last(coord<4> const& s) { return {{s[2] * s[3] * s[1], 1, s[3] * s[1], s[1]}}; }

/// The common shape of two operands by NumPy's rule. Throws shape_error naming both.
template <int R>
coord<R> broadcast(char const* who, coord<R> const& a, coord<R> const& b) {
  coord<R> s{};
  for (int i = 0; i < R; ++i) {
    if (a[i] != b[i] && a[i] != 1 && b[i] != 1)
      throw shape_error(text(who, ": shapes ", a, " and ", b, " differ on axis ", i, "; extents must be equal or 1"));
    s[i] = a[i] == 1 ? b[i] : a[i];
  }
  return s;
}
/// The shape with axes of extent 1 put in front until it has rank To, as NumPy aligns operands.
template <int To, int R>
constexpr coord<To> promote(coord<R> const& s) {
  static_assert(To >= R);
  coord<To> p{};
  for (int i = 0; i < To; ++i) p[i] = i < To - R ? 1 : s[i - (To - R)];
  return p;
}

/// Steps to the next position in row-major order, leaving out one axis (-1: none).
template <int R>
EDVR_HD void advance(coord<R>& at, coord<R> const& extent, int skip = -1) {
  for (int i = R; i-- > 0;) {
    if (i == skip) continue;
    if (++at[i] < extent[i]) return;
    at[i] = 0;
  }
}
/// The position whose row-major number, leaving out one axis, is `number`.
template <int R>
EDVR_HD coord<R> position(index_t number, coord<R> const& extent, int skip = -1) {
  coord<R> at{};
  for (int i = R; i-- > 0;) {
    if (i == skip) continue;
    at[i] = number % extent[i];
    number /= extent[i];
  }
  return at;
}

}  // namespace edvr::v1
