// SPDX-License-Identifier: Apache-2.0
// The CPU kernels, compiled once per instruction set from one text, and the table through which one copy is called. No compiler flag is
// needed: the copies carry their own target. Algorithms that use them are ordinary functions in ops/.
#pragma once
#include <utility>

#include "edvr/backend/cpu/instruction_set.hpp"
#include "edvr/core/view.hpp"

namespace edvr::inline v1::detail {

/// Interpolation points of Winograd's F(4x4, 3x3) besides 0 and infinity: +-a and +-b. Exact in binary, and near enough to each other that
/// the largest error is a fifth of that of the textbook's 1 and 2 (docs/numerics.md).
struct winograd_points {
  static constexpr float a = 0.625f, b = 1.5f;
};

/// What the sampling kernel must know of one deform_conv2d. x has its channels side by side.
struct deform_job {
  float const* x;
  index_t height, width;                   // of x
  index_t picture, pixel;                  // its strides; rows have no gaps
  index_t shared;                          // channels that share an offset
  index_t samples, padded_samples;         // groups * taps, and that rounded up to whole vectors of any instruction set
  index_t columns_row;                     // from one pixel's columns to the next
  float step;                              // of the window, to the right
  float const* base;                       // tap positions before offsets: padded_samples rows, then as many columns
  index_t const *first, *target;           // of a sample: its first channel in x, where it goes in the columns
  float const* zeros;                      // as many as x has channels
};

/// Widest vector and most rows of any copy; sizes rounded to them suit every copy.
inline constexpr index_t widest = 16, most_rows = 12;

namespace baseline {
constexpr int width = 4, rows = 6;
#ifdef __x86_64__
constexpr bool tree_packs = false;  // vectors of trees are compiled once, for the AVX2 that all but a few processors have: half the compile time
#else
constexpr bool tree_packs = true;
#endif
#include "edvr/backend/cpu/kernels/trees.inc.hpp"
#if EDVR_VECTOR_KERNELS
#include "edvr/backend/cpu/kernels/gemm.inc.hpp"
#include "edvr/backend/cpu/kernels/winograd.inc.hpp"
#include "edvr/backend/cpu/kernels/deform.inc.hpp"
#include "edvr/backend/cpu/kernels/peak.inc.hpp"
#endif
}  // namespace baseline

#if EDVR_VECTOR_KERNELS && defined(__x86_64__)
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
namespace avx2 {
constexpr int width = 8, rows = 6;
constexpr bool tree_packs = true;
#include "edvr/backend/cpu/kernels/trees.inc.hpp"
#include "edvr/backend/cpu/kernels/gemm.inc.hpp"
#include "edvr/backend/cpu/kernels/winograd.inc.hpp"
#include "edvr/backend/cpu/kernels/deform.inc.hpp"
#include "edvr/backend/cpu/kernels/peak.inc.hpp"
}  // namespace avx2
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")
#endif
namespace avx512 {
constexpr int width = 16, rows = 12;
#include "edvr/backend/cpu/kernels/gemm.inc.hpp"
#include "edvr/backend/cpu/kernels/winograd.inc.hpp"
#include "edvr/backend/cpu/kernels/deform.inc.hpp"
#include "edvr/backend/cpu/kernels/peak.inc.hpp"
}  // namespace avx512
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#else
namespace avx2 = baseline;
namespace avx512 = baseline;
#endif

/// Trees are compiled for two sets only: what they do is bound by memory, which 512-bit vectors do not widen.
template <class F>
F* choose_tree(instruction_set s, F* plain, F* wide) {
  return s == instruction_set::baseline ? plain : wide;
}

#if EDVR_VECTOR_KERNELS
/// One copy of the kernels. Rows of a and c are padded to most_rows; b is in panels of two vectors (the last of one, if that is enough):
/// (k / panel, depth, panel). Sizes in floats.
struct kernel_set {
  int width, rows;
  /// c (m, k) = bias + a (m, depth) * b (depth, k); k a multiple of width; bias may be null. 2 m k depth flop.
  void (*gemm)(index_t m, index_t depth, index_t k, float const* a, index_t lda, float const* b, float const* bias, float* c, index_t ldc);
  /// The same for k <= 4, b (k, depth), depth a multiple of width.
  void (*dot)(index_t m, index_t depth, index_t k, float const* a, index_t lda, float const* b, float const* bias, float* c, index_t ldc);
  /// 6 x 6 pixels to the 36 products' operands, `step` apart; channels a multiple of width.
  void (*winograd_input)(float const* from, index_t row, index_t pixel, index_t channels, float* to, index_t step);
  /// 36 products, `step` apart, and a bias to 4 x 4 pixels of `channels` each.
  void (*winograd_output)(float const* from, index_t step, index_t channels, float const* bias, float* to);
  /// Columns of `count` pixels from (h, w) on, which is where the window stands without its taps.
  void (*deform)(deform_job const& job, index_t n, float h, float w, index_t count, float const* offsets, float const* masks, float* columns);
  /// 2 rows independent multiply-adds of a vector, n times: the most that the processor does.
  float (*multiply_adds)(index_t n);
};
inline kernel_set const& kernels(instruction_set s) {
  static constexpr kernel_set sets[] = {
      {baseline::width, baseline::rows, baseline::gemm_panels, baseline::dot_products, baseline::winograd_input, baseline::winograd_output, baseline::deform_samples, baseline::multiply_add_rounds},
      {avx2::width, avx2::rows, avx2::gemm_panels, avx2::dot_products, avx2::winograd_input, avx2::winograd_output, avx2::deform_samples, avx2::multiply_add_rounds},
      {avx512::width, avx512::rows, avx512::gemm_panels, avx512::dot_products, avx512::winograd_input, avx512::winograd_output, avx512::deform_samples, avx512::multiply_add_rounds}};
  return sets[s == instruction_set::avx512 ? 2 : s == instruction_set::avx2 ? 1 : 0];
}
#endif

}  // namespace edvr::v1::detail
