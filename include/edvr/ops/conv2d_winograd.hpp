// SPDX-License-Identifier: Apache-2.0
// conv2d of 3x3 windows that move by 1, by Winograd's F(4x4, 3x3): 36 products of transformed 6x6 patches in place of 144.
// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016.
#pragma once
#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "edvr/backend/cpu/denormals.hpp"
#include "edvr/backend/cpu/patch.hpp"
#include "edvr/ops/packed_weights.hpp"

#if EDVR_VECTOR_KERNELS
namespace edvr::inline v1::detail {

/// Weights (k, c, 3, 3) transformed, G w G^T in double, to 36 matrices (c, k) in panels.
template <class T>
packed_panels<T> winograd_weights(tensor<T, 4> const& weight, index_t width, channel_order const& order) {
  constexpr double a = static_cast<double>(winograd_points::a), b = static_cast<double>(winograd_points::b), aa = a * a, bb = b * b,
                   n0 = aa * bb, na = 2 * aa * (aa - bb), nb = 2 * bb * (bb - aa);
  constexpr double g[6][3] = {
      {1 / n0, 0, 0}, {1 / na, a / na, aa / na}, {1 / na, -a / na, aa / na}, {1 / nb, b / nb, bb / nb}, {1 / nb, -b / nb, bb / nb},
      {0, 0, 1}};
  index_t const k = weight.extent(0), c = weight.extent(1), size = round_up(c, terms_at_once<factor_t<T>>) * round_up(k, width);
  auto const w = weight.read();
  std::vector<float> transformed(static_cast<std::size_t>(36 * c * k));  // (36, c, k)
  for (index_t o = 0; o < k; ++o)
    for (index_t i = 0; i < c; ++i) {
      double half[6][3] = {};
      for (int x = 0; x < 6; ++x)
        for (int q = 0; q < 3; ++q)
          for (int p = 0; p < 3; ++p) half[x][q] += g[x][p] * static_cast<double>(w[{{order(o), i, p, q}}]);
      for (int x = 0; x < 6; ++x)
        for (int y = 0; y < 6; ++y) {
          double const sum = half[x][0] * g[y][0] + half[x][1] * g[y][1] + half[x][2] * g[y][2];
          transformed[static_cast<std::size_t>(((x * 6 + y) * c + i) * k + o)] = static_cast<float>(sum);
        }
    }
  auto const packed = std::make_shared<panels<factor_t<T>>>(36 * size);
  for (index_t x = 0; x < 36; ++x)
    fill_panels(c, k, width, packed->data() + x * size,
                [&](index_t d, index_t j) { return transformed[static_cast<std::size_t>((x * c + d) * k + j)]; });
  return packed;
}

/// x read through `in`, result `y_shape` (n, k, oh, ow) written through `out`; u from winograd_weights. A task is a block of tiles of 4x4
/// output pixels whose operands stay in the second-level cache; results do not depend on the blocks. Scratch: one block a worker.
template <class T, class Ex>
void conv2d_winograd(source<T> const& in, sink<float> const& out, coord<4> const& y_shape, T const* u, float const* bias, pair padding,
                     Ex const& ex) {
  auto const& kernel = kernels(resolve(ex.isa));
  auto const& operands = kernel.template of<T>();
  index_t const c = in.shape[1], k = y_shape[1], cp = round_up(c, kernel.width), kp = round_up(k, kernel.width),
                depth = round_up(c, terms_at_once<T>);
  index_t const down = (y_shape[2] + 3) / 4, across = (y_shape[3] + 3) / 4, tiles = y_shape[0] * down * across;
  if (tiles == 0 || k == 0) return;
  constexpr index_t most_tiles = 48, chunk = 128;  // chunk: output channels at a time
  index_t const block = std::clamp(round_up((tiles + 15) / 16, most_rows), most_rows, most_tiles), tasks = (tiles + block - 1) / block;
  // Operands of one product lie an odd number of cache lines from those of the next, so that a tile's 36 stores meet in no cache set.
  index_t const v_step = block * cp + widest * terms_at_once<T>, m_step = block * std::min(kp, chunk) + widest;
  index_t const inputs = 36 * (v_step + cp), outputs = 36 * m_step + 16 * chunk, workers = std::min<index_t>(ex.workers(), tasks);
  scratch<T> const input_work(workers * inputs);
  scratch<float> const output_work(workers * outputs);
  std::vector<float> biases(static_cast<std::size_t>(kp));
  if (bias) std::copy_n(bias, k, biases.begin());

  ex.parallel(tasks, [&](index_t task, int worker) {
    flush_denormals const here;
    T *const v = input_work.data() + worker * inputs, *const patch = v + 36 * v_step;
    float *const m = output_work.data() + worker * outputs, *const tile = m + 36 * m_step;
    index_t const first = task * block, count = std::min(block, tiles - first), padded = round_up(count, most_rows);
    auto const place = [&](index_t t) { return coord<4>{{t / (down * across), 0, t / across % down * 4, t % across * 4}}; };

    std::fill_n(patch, 36 * cp, T(0));
    for (index_t t = 0; t < count; ++t) {
      auto at = place(first + t);
      at[2] -= padding.y, at[3] -= padding.x;
      bool const interior = at[2] >= 0 && at[2] + 6 <= in.shape[2] && at[3] >= 0 && at[3] + 6 <= in.shape[3];
      if (in.stored.data && interior && c == cp) {
        auto const& s = in.stored.step;
        operands.winograd_input(&in.stored[at], s[2], s[3], cp, v + t * cp, v_step);
      } else {
        in(at, c, 6, 6, 1, patch, 6 * cp, cp);
        operands.winograd_input(patch, 6 * cp, cp, cp, v + t * cp, v_step);
      }
    }
    for (index_t x = 0; x < 36; ++x) std::fill(v + x * v_step + count * cp, v + x * v_step + padded * cp, T(0));

    for (index_t j = 0; j < k; j += chunk) {
      index_t const wide = std::min(chunk, kp - j);
      for (index_t x = 0; x < 36; ++x)
        operands.gemm(padded, depth, wide, v + x * v_step, cp, u + x * depth * kp + j * depth, nullptr, m + x * m_step, wide);
      for (index_t t = 0; t < count; ++t) {
        kernel.winograd_output(m + t * wide, m_step, wide, biases.data() + j, tile);
        auto at = place(first + t);
        at[1] = j;
        out(at, std::min(chunk, k - j), std::min<index_t>(4, y_shape[2] - at[2]), std::min<index_t>(4, y_shape[3] - at[3]), tile, 4 * wide,
            wide);
      }
    }
  });
}

}  // namespace edvr::inline v1::detail
#endif
