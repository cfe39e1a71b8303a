// SPDX-License-Identifier: Apache-2.0
// conv2d as matrix products: the taps of a band of output pixels side by side, times the weights. Never more columns than one band.
#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

#include "edvr/backend/cpu/gemm.hpp"
#include "edvr/ops/columns.hpp"

namespace edvr::inline v1::detail {

/// Weights (k, c / groups, r, s) as one matrix (r s c / groups, k / groups) a group, in the order in which columns are laid out.
template <class T>
std::vector<T> im2col_weights(view<T const, 4, cpu> const& w, int groups) {
  index_t const k = w.extent[0] / groups, c = w.extent[1], r = w.extent[2], s = w.extent[3];
  std::vector<T> m(static_cast<std::size_t>(volume(w.extent)));
  T* to = m.data();
  for (index_t g = 0; g < groups; ++g)
    for (index_t i = 0; i < r; ++i)
      for (index_t j = 0; j < s; ++j)
        for (index_t a = 0; a < c; ++a)
          for (index_t b = 0; b < k; ++b) *to++ = w[{{g * k + b, a, i, j}}];
  return m;
}
/// Every row the biases (or zeros): what the product is added to.
template <class T>
void fill_bias(T const* bias, index_t channels, index_t rows, T* to) {
  for (index_t i = 0; i < rows; ++i, to += channels)
    if (bias)
      std::copy_n(bias, channels, to);
    else
      std::fill_n(to, channels, T(0));
}

/// x read through `in` (n, c, h, w), result `y_shape` (n, k, oh, ow) written
/// through `out`. Scratch: one band of columns and results a worker.
template <class T, class Ex>
void conv2d_im2col(source<T> const& in, sink<T> const& out, coord<4> const& y_shape, view<T const, 4, cpu> const& weight, T const* bias,
                   conv2d_params const& p, Ex const& ex) {
  index_t const k = y_shape[1] / p.groups, depth = weight.extent[1] * weight.extent[2] * weight.extent[3];
  index_t const pixels = y_shape[0] * y_shape[2] * y_shape[3];
  if (pixels == 0 || y_shape[1] == 0) return;
  index_t const band = band_pixels(depth + k), each = band * (depth + k);
  auto const matrix = im2col_weights(weight, p.groups);
  index_t const tasks = (pixels + band - 1) / band;
  scratch<T> const work(std::min<index_t>(ex.workers(), tasks) * each);

  ex.parallel(tasks, [&](index_t task, int worker) {
    T *const columns = work.data() + worker * each, *const result = columns + band * depth;
    index_t const first = task * band, last = std::min(pixels, first + band);
    for (index_t g = 0; g < p.groups; ++g) {
      read_columns(in, first, last, y_shape, weight.extent, g, p, columns, depth);
      fill_bias(bias ? bias + g * k : nullptr, k, last - first, result);
      gemm(last - first, k, depth, columns, depth, matrix.data() + g * depth * k, k, result, k);
      write_results(out, first, last, y_shape, g, k, result, k);
    }
  });
}

}  // namespace edvr::inline v1::detail
