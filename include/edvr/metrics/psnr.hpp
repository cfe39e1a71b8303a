// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>
#include <limits>

#include "edvr/backend/cpu/executor.hpp"
#include "edvr/ops/arithmetic.hpp"
#include "edvr/ops/reduce.hpp"

namespace edvr::inline v1 {

/// Peak signal-to-noise ratio in dB, 10 log10(255^2 / mean squared error), of two pictures (c, h, w) with values of 0 to 255; infinity if
/// they are equal. Throws shape_error.
inline double psnr(tensor<double, 3> const& a, tensor<double, 3> const& b) {
  if (!(a.shape() == b.shape()) || a.empty())
    throw shape_error(text("psnr: pictures of shape ", a.shape(), " and ", b.shape(), "; expected the same, not empty"));
  auto const d = a - b;  // computed twice, never stored
  double const error = eval(mean(d * d)).item();
  return error == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(255.0 * 255.0 / error);
}
/// BT.601 luma, limited range, of an RGB picture (3, h, w) in [0, 1]: (1, h, w) with values of 16 to 235, not rounded. Throws shape_error.
inline tensor<double, 3> luma(tensor<double, 3> const& rgb) {
  if (rgb.extent(0) != 3) throw shape_error(text("luma: picture has shape ", rgb.shape(), "; expected (3, h, w)"));
  auto const plane = [&](index_t c) { return slice(rgb, 0, c, c + 1); };
  return eval(65.481 * plane(0) + 128.553 * plane(1) + 24.966 * plane(2) + 16.0);
}
/// A picture (c, h, w) without `border` pixels on each side. Throws shape_error if nothing is left.
template <class T>
tensor<T, 3> crop_border(tensor<T, 3> const& x, index_t border) {
  if (border < 0 || border >= x.extent(1) - border || border >= x.extent(2) - border)
    throw shape_error(text("crop_border: ", border, " pixels off each side of ", x.shape(), "; expected 0 or more, and something left"));
  return slice(slice(x, 1, border, x.extent(1) - border), 2, border, x.extent(2) - border);
}

}  // namespace edvr::v1
