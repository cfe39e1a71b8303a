// SPDX-License-Identifier: Apache-2.0
// The trivially copyable form of a tensor: what a loop sees.
#pragma once
#include <type_traits>
#include <utility>

#include "edvr/core/lanes.hpp"

namespace edvr::inline v1 {

/// Pointer, extents, strides. Owns nothing; T is const where it is only read.
/// Elements of 16 bits are read and written as the float they stand for.
template <class T, int R, class S>
struct view {
  using element_type = std::remove_const_t<T>;
  using value_type = arithmetic_t<element_type>;
  using space = S;
  static constexpr int rank = R;
  static constexpr bool packs = packable<value_type>;
  T* data;
  coord<R> extent, step;

  edvr::coord<R> shape() const { return extent; }
  bool unit(int axis) const { return step[axis] == 1; }

  EDVR_HD T* address(coord<R> const& at) const { return address(at, std::make_integer_sequence<int, R>{}); }
  EDVR_HD T& operator[](coord<R> const& at) const { return *address(at); }

  template <class... V>
  EDVR_HD value_type operator()(coord<R> const& at, V const&...) const {
    return value_type(*address(at));
  }
  template <int W, int Axis, class... V>
  EDVR_HD pack<value_type, W> operator()(lanes<W, R, Axis> const& l, V const&...) const {
    pack<value_type, W> p;
    detail::move_pack<W>(p.lane, address(l.at));
    return p;
  }
  EDVR_HD void put(coord<R> const& at, value_type const& v) const { *address(at) = element_type(v); }
  template <int W, int Axis>
  EDVR_HD void put(lanes<W, R, Axis> const& l, pack<value_type, W> const& v) const {
    detail::move_pack<W>(address(l.at), v.lane);
  }

 private:
  // Added one after the other: GCC makes slow vector code of a sum of R products, and leaves a loop a loop at -O2.
  template <int... Axes>
  EDVR_HD T* address([[maybe_unused]] coord<R> const& at, std::integer_sequence<int, Axes...>) const {
    T* p = data;
    ((p += at[Axes] * step[Axes]), ...);
    return p;
  }
};

}  // namespace edvr::v1
