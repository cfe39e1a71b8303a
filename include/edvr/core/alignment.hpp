// SPDX-License-Identifier: Apache-2.0
// Packs as one access need more than neighbours: a GPU reads 16 bytes at once from multiples of 16 only.
#pragma once
#include <cstdint>

#include "edvr/core/expression.hpp"

namespace edvr::inline v1::detail {

/// May a tree be read, or a destination written, in packs of W along `axis`: does every tensor have them on multiples of their size? A
/// kernel says it in aligned<W>(axis); a kind of node that is not known here may not.
template <int W, class E>
bool packs_are_aligned(E const& e, int axis) {
  if constexpr (requires { e.template aligned<W>(axis); }) {
    return e.template aligned<W>(axis);
  } else if constexpr (requires { e.data, e.extent, e.step; }) {
    if (reinterpret_cast<std::uintptr_t>(e.data) % (W * sizeof(typename E::element_type)) != 0) return false;
    for (int i = 0; i < E::rank; ++i)
      if (i != axis && e.extent[i] > 1 && e.step[i] % W != 0) return false;
    return true;
  } else if constexpr (requires { e.operands([](auto const&) {}); }) {
    bool all = true;
    if constexpr (requires { e.split_axis; }) all = E::axis != axis || e.split_axis % W == 0;  // a concat: of two, its parts begin on packs
    e.operands([&](auto const& a) { all = all && packs_are_aligned<W>(a, axis); });
    return all;
  } else {
    return requires { e.read(); };  // constants, and the value that an epilogue is given
  }
}

}  // namespace edvr::inline v1::detail
