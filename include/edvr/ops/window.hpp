// SPDX-License-Identifier: Apache-2.0
// What conv2d, deform_conv2d and pool2d share: the arithmetic of sliding windows and its checks.
#pragma once
#include <limits>

#include "edvr/core/shape.hpp"

namespace edvr::inline v1 {

/// Number of positions of a window of r taps over n elements: (n + 2 padding - dilation (r - 1) - 1) / stride + 1, at least 1.
/// Throws shape_error, naming `who` and the axis, if the window does not fit or a parameter is out of range.
inline index_t window_extent(char const* who, char const* axis, index_t n, index_t r, index_t stride, index_t padding, index_t dilation) {
  constexpr index_t most = index_t{1} << 31;
  if (stride < 1 || dilation < 1 || padding < 0 || stride > most || dilation > most || padding > most)
    throw shape_error(text(who, ": stride ", stride, ", dilation ", dilation, ", padding ", padding, " (", axis,
                           "); expected stride and dilation of at least 1, padding of at least 0, none over 2^31"));
  if (r < 1 || r > most) throw shape_error(text(who, ": window of ", r, " taps (", axis, "); expected 1 to ", most));
  if (n > std::numeric_limits<index_t>::max() - 2 * padding)
    throw shape_error(text(who, ": ", n, " elements and a padding of ", padding, " (", axis, ") need more than 2^63 elements"));
  index_t const reach = dilation * (r - 1) + 1, padded = n + 2 * padding;
  if (reach > padded)
    throw shape_error(text(who, ": window reaches over ", reach, " elements (", axis, "), the padded input has ", padded,
                           "; expected a smaller window or more padding"));
  return (padded - reach) / stride + 1;
}

}  // namespace edvr::v1
