// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <ostream>
#include <string>

#include "edvr/core/tensor.hpp"

namespace edvr::inline v1 {

namespace detail {
template <class T, int R>
void print(std::ostream& out, tensor<T, R, cpu> const& x, coord<R>& at, int axis) {
  constexpr index_t edge = 3;  // of long axes, the first and the last three
  if (axis == R) {
    out << +x[at];
    return;
  }
  index_t const n = x.extent(axis);
  out << '[';
  for (at[axis] = 0; at[axis] < n; ++at[axis]) {
    if (at[axis] > 0) out << (axis == R - 1 ? ", " : ",\n") << std::string(axis == R - 1 ? 0 : static_cast<std::size_t>(axis) + 1, ' ');
    if (n > 2 * edge + 2 && at[axis] == edge) {
      out << "...";
      at[axis] = n - edge - 1;
      continue;
    }
    print(out, x, at, axis + 1);
  }
  out << ']';
}
}  // namespace detail

/// Shape, then the elements in nested brackets; of axes longer than 8 the first and last three.
template <class T, int R>
std::ostream& operator<<(std::ostream& out, tensor<T, R, cpu> const& x) {
  coord<R> at{};
  out << text(x.shape(), ' ');
  detail::print(out, x, at, 0);
  return out;
}

}  // namespace edvr::v1
