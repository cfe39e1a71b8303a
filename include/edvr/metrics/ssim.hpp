// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "edvr/backend/cpu/executor.hpp"
#include "edvr/ops/arithmetic.hpp"
#include "edvr/ops/reduce.hpp"

namespace edvr::inline v1 {

namespace detail {
/// 11 taps of a Gaussian of sigma 1.5, sum 1.
inline std::array<double, 11> ssim_taps() {
  std::array<double, 11> g{};
  double sum = 0;
  for (int i = 0; i < 11; ++i) sum += g[static_cast<std::size_t>(i)] = std::exp(-(i - 5) * (i - 5) / (2 * 1.5 * 1.5));
  for (auto& v : g) v /= sum;
  return g;
}
/// Local means under that window of one plane, where it lies inside: (h - 10, w - 10).
template <class E>
tensor<double, 2> local_mean(E const& e) {
  auto const x = eval(e);
  auto const g = ssim_taps();
  auto const filter = [&](tensor<double, 2> const& in, int axis) {
    auto s = in.shape();
    s[axis] -= 10;
    auto out = zeros<double>(s);
    for (index_t i = 0; i < 11; ++i) assign(out, out + g[static_cast<std::size_t>(i)] * slice(in, axis, i, i + s[axis]));
    return out;
  };
  return filter(filter(x, 0), 1);
}
}  // namespace detail

/// Structural similarity (Wang et al., TIP 2004) of two pictures (c, h, w) with values of 0 to 255: 11x11 Gaussian window of sigma 1.5,
/// only where it lies inside, mean over pixels and channels. Throws shape_error if the shapes differ or a side is under 11 pixels.
inline double ssim(tensor<double, 3> const& a, tensor<double, 3> const& b) {
  if (!(a.shape() == b.shape()) || a.extent(0) < 1 || a.extent(1) < 11 || a.extent(2) < 11)
    throw shape_error(text("ssim: pictures of shape ", a.shape(), " and ", b.shape(), "; expected the same, at least 11 x 11"));
  constexpr double c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255;
  constexpr index_t band = 128;  // rows at once, for the sake of memory
  index_t const rows = a.extent(1) - 10;
  double total = 0;
  for (index_t c = 0; c < a.extent(0); ++c)
    for (index_t top = 0; top < rows; top += band) {
      auto const part = [&](tensor<double, 3> const& p) { return slice(select(p, 0, c), 0, top, std::min(rows, top + band) + 10); };
      auto const x = part(a), y = part(b);
      auto const mx = detail::local_mean(x), my = detail::local_mean(y);
      auto const vx = eval(detail::local_mean(x * x) - mx * mx), vy = eval(detail::local_mean(y * y) - my * my),
                 cov = eval(detail::local_mean(x * y) - mx * my);
      total += eval(sum((2.0 * mx * my + c1) * (2.0 * cov + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2)))).item();
    }
  return total / static_cast<double>(a.extent(0) * rows * (a.extent(2) - 10));
}

}  // namespace edvr::v1
