// SPDX-License-Identifier: Apache-2.0
// conv2d of any window: the taps of a panel of pixels side by side, small enough to stay in cache, times weights packed for registers.
#pragma once
#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "edvr/backend/cpu/denormals.hpp"
#include "edvr/ops/columns.hpp"
#include "edvr/ops/packed_weights.hpp"

#if EDVR_VECTOR_KERNELS
namespace edvr::inline v1::detail {

/// A product of pixels (rows) and packed weights, and how its operands are laid out.
template <class T>
struct direct_product {
  static constexpr index_t together = terms_at_once<T>;
  kernel_set const& kernel;
  index_t terms, depth, k;  // terms of a sum, those with padding, results a pixel
  bool dot;                 // so few results that vectors run along the depth instead

  direct_product(kernel_set const& set, index_t n, index_t results)
      : kernel(set), terms(n), depth(round_up(n, together)), k(results), dot(results <= 4) {}
  index_t weights() const { return dot ? k * row() : depth * result_row(); }  // elements of packed weights
  /// From one pixel's terms to the next's, off powers of two.
  index_t row() const { return dot ? round_up(depth, widest * together) : depth % 256 == 0 ? depth + widest : depth; }
  index_t result_row() const { return dot ? k : round_up(k, kernel.width); }
  void operator()(index_t pixels, T const* columns, T const* packed, float const* bias, float* result) const {
    auto const& operands = kernel.template of<T>();
    (dot ? operands.dot : operands.gemm)(pixels, dot ? row() : depth, result_row(), columns, row(), packed, bias, result, result_row());
  }
  /// at(d, j): weight of term d for result j. `to` holds weights() zeros.
  template <class At>
  void pack(T* to, At const& at) const {
    if (!dot) return fill_panels(terms, k, kernel.width, to, at);
    for (index_t j = 0; j < k; ++j)
      for (index_t d = 0; d < terms; ++d) to[j * row() + d] = T(at(d, j));
  }
  /// Pixels of a panel: a few rounds of the register tile, about 128 kB of operands.
  index_t panel() const { return 4 * most_rows * std::clamp<index_t>(700 / std::max<index_t>(row(), 1), 1, 8); }
};

/// Weights (k, c / groups, r, s) as one product a group, terms in the order tap, channel.
template <class T>
packed_panels<T> direct_weights(tensor<T, 4> const& weight, index_t groups, kernel_set const& kernel, channel_order const& order) {
  index_t const k = weight.extent(0) / groups, c = weight.extent(1), s = weight.extent(3);
  direct_product<factor_t<T>> const product(kernel, weight.extent(2) * s * c, k);
  auto const w = weight.read();
  auto const packed = std::make_shared<panels<factor_t<T>>>(groups * product.weights());
  for (index_t g = 0; g < groups; ++g)
    product.pack(packed->data() + g * product.weights(),
                 [&](index_t d, index_t j) { return w[{{order(g * k + j), d % c, d / c / s, d / c % s}}]; });
  return packed;
}
/// Biases of every group, zeros where there is none, padded as the results are.
template <class T>
std::vector<float> direct_biases(float const* bias, index_t groups, direct_product<T> const& product) {
  std::vector<float> padded(static_cast<std::size_t>(groups * product.result_row()));
  if (bias)
    for (index_t g = 0; g < groups; ++g) std::copy_n(bias + g * product.k, product.k, padded.begin() + g * product.result_row());
  return padded;
}

/// x read through `in`, result `y_shape` (n, k, oh, ow) written through `out`; packed from direct_weights. Scratch: one panel a worker.
template <class T, class Ex>
void conv2d_direct(source<T> const& in, sink<float> const& out, coord<4> const& y_shape, coord<4> const& weight, T const* packed,
                   float const* bias, conv2d_params const& p, Ex const& ex) {
  auto const& kernel = kernels(resolve(ex.isa));
  index_t const k = y_shape[1] / p.groups, pixels = y_shape[0] * y_shape[2] * y_shape[3];
  direct_product<T> const product(kernel, weight[1] * weight[2] * weight[3], k);
  if (pixels == 0 || k == 0) return;
  index_t const panel = product.panel(), row = product.row(), tasks = (pixels + panel - 1) / panel,
                workers = std::min<index_t>(ex.workers(), tasks);
  scratch<T> const all_columns(workers * panel * row);
  scratch<float> const all_results(workers * panel * product.result_row());
  auto const biases = direct_biases(bias, p.groups, product);

  ex.parallel(tasks, [&](index_t task, int worker) {
    flush_denormals const here;
    T* const columns = all_columns.data() + worker * panel * row;
    float* const result = all_results.data() + worker * panel * product.result_row();
    index_t const first = task * panel, last = std::min(pixels, first + panel), padded = round_up(last - first, most_rows);
    if (row > product.terms || padded > last - first) std::fill_n(columns, padded * row, T(0));
    for (index_t g = 0; g < p.groups; ++g) {
      read_columns(in, first, last, y_shape, weight, g, p, columns, row);
      product(padded, columns, packed + g * product.weights(), biases.data() + g * product.result_row(), result);
      write_results(out, first, last, y_shape, g, k, result, product.result_row());
    }
  });
}

}  // namespace edvr::inline v1::detail
#endif
