// SPDX-License-Identifier: Apache-2.0
// The two degradations of super-resolution benchmarks, and MATLAB's enlargement.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "edvr/backend/cpu/executor.hpp"
#include "edvr/ops/pad.hpp"
#include "edvr/ops/views.hpp"

namespace edvr::inline v1 {

namespace detail {
/// One output sample of a resampled axis: weights over input samples first, first + 1, ..., mirrored at the ends.
struct resample_taps {
  index_t first;
  std::vector<double> weight;
};
/// Cubic convolution kernel, a = -0.5 (Keys, 1981).
inline double cubic(double t) {
  t = std::fabs(t);
  if (t <= 1) return (1.5 * t - 2.5) * t * t + 1;
  if (t <= 2) return ((-0.5 * t + 2.5) * t - 4) * t + 2;
  return 0;
}
inline std::vector<resample_taps> bicubic_taps(index_t n, double scale) {
  auto const m = static_cast<index_t>(std::ceil(static_cast<double>(n) * scale));
  double const shrink = scale < 1 ? scale : 1, support = 4 / shrink;
  auto const taps = static_cast<index_t>(std::ceil(support)) + 2;
  std::vector<resample_taps> all;
  for (index_t o = 1; o <= m; ++o) {
    double const u = static_cast<double>(o) / scale + 0.5 * (1 - 1 / scale), left = std::floor(u - support / 2);
    resample_taps t{static_cast<index_t>(left) - 1, {}};
    double sum = 0;
    for (index_t p = 0; p < taps; ++p) {
      t.weight.push_back(shrink * cubic(shrink * (u - left - static_cast<double>(p))));
      sum += t.weight.back();
    }
    for (auto& w : t.weight) w /= sum;
    all.push_back(std::move(t));
  }
  return all;
}
/// Axis `axis` of x (c, h, w) resampled; indices outside are mirrored with the edge sample repeated.
inline tensor<double, 3> resample_axis(tensor<double, 3> const& x, int axis, std::vector<resample_taps> const& taps) {
  index_t const n = x.extent(axis);
  auto s = x.shape();
  s[axis] = static_cast<index_t>(taps.size());
  auto y = zeros<double>(s);
  coord<3> at{};
  for (index_t i = 0, size = y.size(); i < size; ++i, advance(at, s)) {
    auto const& t = taps[static_cast<std::size_t>(at[axis])];
    coord<3> from = at;
    double sum = 0;
    for (std::size_t p = 0; p < t.weight.size(); ++p) {
      index_t k = (t.first + static_cast<index_t>(p)) % (2 * n);
      if (k < 0) k += 2 * n;
      from[axis] = k < n ? k : 2 * n - 1 - k;
      sum += t.weight[p] * x[from];
    }
    y[at] = sum;
  }
  return y;
}
}  // namespace detail

/// MATLAB's imresize: bicubic, antialiased when it shrinks. x (c, h, w) to (c, ceil(h scale), ceil(w scale)). Throws shape_error.
inline tensor<double, 3> resize_bicubic(tensor<double, 3> const& x, double scale) {
  if (!(scale > 0) || scale > 64 || x.empty())
    throw shape_error(
        text("resize_bicubic: picture of shape ", x.shape(), ", scale ", scale, "; expected a picture and a scale above 0, at most 64"));
  auto const rows = detail::resample_axis(x, 1, detail::bicubic_taps(x.extent(1), scale));
  return detail::resample_axis(rows, 2, detail::bicubic_taps(x.extent(2), scale));
}
/// The BD degradation: Gaussian blur of sigma 0.4 factor, 13 taps, then pixels 0, factor, 2 factor, ... of each axis. Borders are reflected
/// without the edge sample, which needs sides of more than 6 + 2 factor pixels. Throws shape_error.
inline tensor<double, 3> blur_downsample(tensor<double, 3> const& x, index_t factor) {
  index_t const margin = 6 + 2 * std::clamp<index_t>(factor, 1, index_t{1} << 40);
  if (factor < 1 || x.empty() || x.extent(1) <= margin || x.extent(2) <= margin)
    throw shape_error(text("blur_downsample: picture of shape ", x.shape(), " by ", factor,
                           "; expected a factor of at least 1 and sides of more than ", margin, " pixels"));
  double const sigma = 0.4 * static_cast<double>(factor);
  std::vector<double> g;
  double sum = 0;
  for (int i = -6; i <= 6; ++i) g.push_back(std::exp(-i * i / (2 * sigma * sigma))), sum += g.back();
  for (auto& v : g) v /= sum;
  auto const along = [&](tensor<double, 3> const& in, int axis) {
    coord<3> around{};
    around[axis] = margin;
    auto const padded = eval(pad(in, around, around, pad_mode::reflect));
    std::vector<detail::resample_taps> taps;
    // Positions margin - 6 + ... of the filtered axis, every factor-th, without the first and last two.
    index_t const outputs = (padded.extent(axis) - 13) / factor + 1;
    for (index_t o = 2; o < outputs - 2; ++o) taps.push_back({o * factor, g});
    return detail::resample_axis(padded, axis, taps);
  };
  return along(along(x, 1), 2);
}

}  // namespace edvr::v1
