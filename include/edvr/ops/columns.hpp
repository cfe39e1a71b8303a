// SPDX-License-Identifier: Apache-2.0
// Convolutions as products of matrices: what a run of output pixels reads as rows of a matrix, and its results on their way out.
#pragma once
#include "edvr/backend/cpu/patch.hpp"
#include "edvr/ops/conv2d_params.hpp"

namespace edvr::inline v1::detail {

/// What the output pixels first .. last - 1 of `y_shape` read of group
/// g's channels, a row of `row` elements each, in the order tap, channel.
template <class T>
void read_columns(source<T> const& in, index_t first, index_t last, coord<4> const& y_shape, coord<4> const& weight, index_t g,
                  conv2d_params const& p, T* columns, index_t row) {
  for_each_run(first, last, y_shape, [&](index_t n, index_t h, index_t w, index_t count, index_t before) {
    index_t const c = weight[1];
    T* to = columns + before * row;
    for (index_t i = 0; i < weight[2]; ++i)
      for (index_t j = 0; j < weight[3]; ++j, to += c)
        in({{n, g * c, h * p.stride.y - p.padding.y + i * p.dilation.y, w * p.stride.x - p.padding.x + j * p.dilation.x}}, c, 1, count,
           p.stride.x, to, 0, row);
  });
}
/// Results of the same pixels, k each and `row` elements apart, stored as channels g k .. g k + k - 1.
template <class T>
void write_results(sink<T> const& out, index_t first, index_t last, coord<4> const& y_shape, index_t g, index_t k, T const* results,
                   index_t row) {
  for_each_run(first, last, y_shape, [&](index_t n, index_t h, index_t w, index_t count, index_t before) {
    out({{n, g * k, h, w}}, k, 1, count, results + before * row, 0, row);
  });
}

}  // namespace edvr::inline v1::detail
