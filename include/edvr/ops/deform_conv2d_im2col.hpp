// SPDX-License-Identifier: Apache-2.0
// deform_conv2d as matrix products: a band of pixels is sampled, channels side by side, into columns that the weights then multiply.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "edvr/ops/conv2d_im2col.hpp"

namespace edvr::inline v1::detail {

/// The four corners of one sampling position and their weights, mask included. Corners outside point to `zeros`.
template <class T>
struct sampler {
  T const* corner[4];
  T weight[4];
  bool inside;

  sampler(view<T const, 4, cpu> const& x, index_t n, T py, T px, T mask, T const* zeros) {
    index_t const height = x.extent[2], width = x.extent[3];
    inside = py > T(-1) && py < static_cast<T>(height) && px > T(-1) && px < static_cast<T>(width);  // NaN is outside
    if (!inside) return;
    T const fy = std::floor(py), fx = std::floor(px), ly = py - fy, lx = px - fx;
    index_t const y0 = static_cast<index_t>(fy), x0 = static_cast<index_t>(fx);
    bool const top = y0 >= 0, bottom = y0 + 1 < height, left = x0 >= 0, right = x0 + 1 < width;
    index_t const at = n * x.step[0] + y0 * x.step[2] + x0 * x.step[3];  // may lie before the picture: no pointer yet
    corner[0] = top && left ? x.data + at : zeros;
    corner[1] = top && right ? x.data + (at + x.step[3]) : zeros;
    corner[2] = bottom && left ? x.data + (at + x.step[2]) : zeros;
    corner[3] = bottom && right ? x.data + (at + x.step[2] + x.step[3]) : zeros;
    weight[0] = (T(1) - ly) * (T(1) - lx) * mask;
    weight[1] = (T(1) - ly) * lx * mask;
    weight[2] = ly * (T(1) - lx) * mask;
    weight[3] = ly * lx * mask;
  }
  /// Channels first .. first + count - 1 to `to`.
  void operator()(index_t first, index_t count, T* __restrict to) const {
    T const *const a = corner[0] + first, *const b = corner[1] + first, *const c = corner[2] + first, *const d = corner[3] + first;
    T const wa = weight[0], wb = weight[1], wc = weight[2], wd = weight[3];
    constexpr index_t block = 8;  // a fixed number of iterations is one that every optimisation level vectorises
    index_t i = 0;
    for (; i + block <= count; i += block) {
      EDVR_LANES
      for (index_t j = i; j < i + block; ++j) to[j] = wa * a[j] + wb * b[j] + wc * c[j] + wd * d[j];
    }
    for (; i < count; ++i) to[i] = wa * a[i] + wb * b[i] + wc * c[i] + wd * d[i];
  }
};

/// x with its channels side by side; offsets and masks read through their sources, a band at a time, so that an activation around the
/// mask is applied on the way. Scratch a worker: one band of columns, offsets, masks and results.
template <class T, class Ex>
void deform_conv2d_im2col(view<T const, 4, cpu> const& x, source<T> const& offset, source<T> const& mask, sink<T> const& out,
                          coord<4> const& y_shape, view<T const, 4, cpu> const& weight, T const* bias, conv2d_params const& p,
                          index_t deformable_groups, Ex const& ex) {
  index_t const s = weight.extent[3], taps = weight.extent[2] * s, channels = x.extent[1], c = weight.extent[1], k = y_shape[1] / p.groups;
  index_t const depth = taps * c, columns_row = taps * channels, shared = channels / deformable_groups, samples = deformable_groups * taps;
  index_t const pixels = y_shape[0] * y_shape[2] * y_shape[3];
  if (pixels == 0 || y_shape[1] == 0) return;
  index_t const band = band_pixels(columns_row + 3 * samples + k), each = band * (columns_row + 3 * samples + k);
  auto const matrix = im2col_weights(weight, p.groups);
  index_t const tasks = (pixels + band - 1) / band;
  scratch<T> const work(std::min<index_t>(ex.workers(), tasks) * each);
  std::vector<T> const zeros(static_cast<std::size_t>(channels));

  // Columns of one pixel: for each weight group its taps, for each tap the group's channels.
  auto const sample_pixel = [&](index_t n, index_t h, index_t w, T const* offsets, T const* masks, T* columns) {
    for (index_t d = 0; d < deformable_groups; ++d)
      for (index_t t = 0; t < taps; ++t, offsets += 2, ++masks) {
        T const py = static_cast<T>(h * p.stride.y - p.padding.y + t / s * p.dilation.y) + offsets[0];
        T const px = static_cast<T>(w * p.stride.x - p.padding.x + t % s * p.dilation.x) + offsets[1];
        sampler<T> const at(x, n, py, px, *masks, zeros.data());
        for (index_t a = d * shared, end = a + shared; a < end;) {
          index_t const g = a / c, run = std::min(end, (g + 1) * c) - a;
          T* const to = columns + g * depth + t * c + (a - g * c);
          if (at.inside)
            at(a, run, to);
          else
            std::fill_n(to, run, *masks * T(0));  // 0, or NaN for a NaN mask
          a += run;
        }
      }
  };

  ex.parallel(tasks, [&](index_t task, int worker) {
    T *const columns = work.data() + worker * each, *const offsets = columns + band * columns_row,
             *const masks = offsets + band * 2 * samples, *const result = masks + band * samples;
    index_t const first = task * band, last = std::min(pixels, first + band);
    for_each_run(first, last, y_shape, [&](index_t n, index_t h, index_t w, index_t count, index_t before) {
      offset({{n, 0, h, w}}, 2 * samples, 1, count, 1, offsets, 0, 2 * samples);
      mask({{n, 0, h, w}}, samples, 1, count, 1, masks, 0, samples);
      for (index_t i = 0; i < count; ++i)
        sample_pixel(n, h, w + i, offsets + i * 2 * samples, masks + i * samples, columns + (before + i) * columns_row);
    });
    for (index_t g = 0; g < p.groups; ++g) {
      fill_bias(bias ? bias + g * k : nullptr, k, last - first, result);
      gemm(last - first, k, depth, columns + g * depth, columns_row, matrix.data() + g * depth * k, k, result, k);
      write_results(out, first, last, y_shape, g, k, result, k);
    }
  });
}

}  // namespace edvr::inline v1::detail
