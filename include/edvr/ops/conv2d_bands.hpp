// SPDX-License-Identifier: Apache-2.0
// conv2d and deform_conv2d as three sweeps over a band of rows: the columns, a matrix product, the store through the epilogue. For an
// executor that has no workers of its own but products: a GPU.
#pragma once
#include <algorithm>

#include "edvr/core/alignment.hpp"
#include "edvr/core/eval.hpp"
#include "edvr/ops/arithmetic.hpp"
#include "edvr/ops/conv2d_params.hpp"

namespace edvr::inline v1 {

namespace fn {
/// A column of conv2d: what the window at output pixel (row, w) sees at `tap` in channel a of weight group g. Positions are (row, w, g,
/// tap, a); row counts from first_row on through all pictures. Zero outside.
template <class X>
struct column {
  using T = typename X::value_type;
  static constexpr bool packs = X::packs;
  X x;
  coord<4> in;
  conv2d_params p;
  index_t s, channels, height;  // taps in a row of the window, channels of a group, rows of the result
  index_t first_row = 0;        // of the band
  bool unit(int axis) const { return axis == 4 && x.unit(1); }
  template <int W>
  bool aligned(int) const {
    return channels % W == 0 && detail::packs_are_aligned<W>(x, 1);
  }
  EDVR_HD coord<4> where(coord<5> const& at) const {
    index_t const row = first_row + at[0];
    return {{row / height, at[2] * channels + at[4], row % height * p.stride.y - p.padding.y + at[3] / s * p.dilation.y,
             at[1] * p.stride.x - p.padding.x + at[3] % s * p.dilation.x}};
  }
  EDVR_HD bool inside(coord<4> const& at) const { return at[2] >= 0 && at[2] < in[2] && at[3] >= 0 && at[3] < in[3]; }
  EDVR_HD T operator()(coord<5> const& at) const {
    auto const from = where(at);
    return inside(from) ? x(from) : T(0);
  }
  template <int W, int Axis>
  EDVR_HD pack<T, W> operator()(lanes<W, 5, Axis> const& l) const {
    auto const from = where(l.at);
    if (inside(from)) return x(lanes<W, 4, 1>{from});
    pack<T, W> zeros;
    for (int i = 0; i < W; ++i) zeros.lane[i] = T(0);
    return zeros;
  }
};

/// Weights (k, c / groups, r, s) as the matrix that columns are multiplied by: positions (g, tap, a, output channel of the group).
template <class V>
struct weight_matrix {
  static constexpr bool packs = false;
  V weight;
  index_t k;
  bool unit(int) const { return false; }
  EDVR_HD auto operator()(coord<4> const& at) const {
    index_t const s = weight.extent[3];
    return weight(coord<4>{{at[0] * k + at[3], at[2], at[1] / s, at[1] % s}});
  }
};

/// A band's products, and the biases if there are any.
template <class V>
struct biased {
  static constexpr bool packs = V::packs;
  V product, bias;  // of one shape; a bias for each channel, the same everywhere
  bool has_bias;
  bool unit(int axis) const { return product.unit(axis) && bias.unit(axis); }
  template <int W>
  bool aligned(int axis) const {
    return detail::packs_are_aligned<W>(product, axis) && detail::packs_are_aligned<W>(bias, axis);
  }
  template <class At>
  EDVR_HD auto operator()(At const& at) const {
    return has_bias ? edvr::apply(plus{}, product(at), bias(at)) : product(at);
  }
};
}  // namespace fn

namespace detail {
/// Bytes of the columns of a band, or of its products if they are more, about: enough work for every core of a GPU, and a fraction of its
/// memory.
inline constexpr index_t band_bytes = index_t{1} << 26;

/// columns(row, w, g, tap, a) times weights, stored through `to`, result (n, k, oh, ow). bias: dense, or nothing.
template <class Columns, class Store, class T, class S, class Ex>
void conv2d_bands(Columns const& columns, Store const& to, coord<4> const& result, tensor<T, 4, S> const& weight,
                  tensor<T, 1, S> const& bias, int groups, Ex const& ex) {
  index_t const taps = weight.extent(2) * weight.extent(3), c = weight.extent(1), depth = taps * c, k = result[1] / groups,
                all_k = result[1];
  index_t const width = result[3], rows = result[0] * result[2];
  if (volume(result) == 0) return;
  index_t const row_bytes = width * std::max(groups * depth, all_k) * static_cast<index_t>(sizeof(T)),
                band = std::clamp<index_t>(band_bytes / std::max<index_t>(row_bytes, 1), 1, result[2]);
  auto const matrix = empty<T, S>(coord<4>{{groups, taps, c, k}});
  ex.for_each(matrix.writable(), fn::weight_matrix<view<T const, 4, S>>{weight.read(), k});
  auto const seen = empty<T, S>(coord<5>{{band, width, groups, taps, c}});
  auto const product = empty<T, S>(coord<4>{{1, 1, 1, band * width * all_k}});

  for (index_t first = 0, n; first < rows; first += n) {
    index_t const picture = first / result[2], top = first % result[2];
    n = std::min({band, rows - first, result[2] - top});  // of one picture
    auto y = seen.writable();
    y.extent[0] = n;
    auto shifted = columns;
    shifted.first_row = first;
    ex.for_each(y, shifted);
    if (depth == 0)
      storage<S>::fill(product.data(), product.size(), T(0));
    else
      ex.gemm(gemm_job<T>{n * width, k, depth, seen.data(), groups * depth, matrix.data(), k, product.data(), all_k, groups, depth,
                          depth * k, k});
    // Both as maps of the whole result, so that the epilogue gets its own positions: the products begin where the band does.
    coord<4> const step{{0, 1, width * all_k, all_k}}, start{{picture, 0, top, 0}};
    view<T const, 4, S> const products{product.data() - top * step[2], result, step};
    view<T const, 4, S> const biases{bias ? bias.data() : product.data(), result, {{0, 1, 0, 0}}};
    ex.for_each(to.y, composed{fn::biased<view<T const, 4, S>>{products, biases, static_cast<bool>(bias)}, to.epilogue}, start,
                coord<4>{{1, all_k, n, width}});
  }
}
}  // namespace detail

}  // namespace edvr::v1
