// SPDX-License-Identifier: Apache-2.0
// The CPU kernels, compiled once per instruction set from one text, and the table through which one copy is called. No compiler flag is
// needed: the copies carry their own target. Algorithms that use them are ordinary functions in ops/.
#pragma once
#include <type_traits>

#include "edvr/backend/cpu/instruction_set.hpp"
#include "edvr/core/view.hpp"

namespace edvr::inline v1::detail {

/// Interpolation points of Winograd's F(4x4, 3x3) besides 0 and infinity: +-a and +-b. Exact in binary, and near enough to each other that
/// the largest error is a fifth of that of the textbook's 1 and 2 (docs/numerics.md).
struct winograd_points {
  static constexpr float a = 0.625f, b = 1.5f;
};

/// What the sampling kernel must know of one deform_conv2d on elements T. x has its channels side by side.
template <class T>
struct deform_job {
  T const* x;
  index_t height, width;            // of x
  index_t picture, pixel;           // its strides; rows have no gaps
  index_t shared;                   // channels that share an offset
  index_t samples, padded_samples;  // groups * taps, and that rounded up to whole vectors of any instruction set
  index_t columns_row;              // from one pixel's columns to the next
  float step;                       // of the window, to the right
  float const* base;                // tap positions before offsets: padded_samples rows, then as many columns
  int const *first, *target;        // of a sample: its first channel in x, where it goes in the columns; padded_samples each
  bool int_addresses;               // can an int count the elements of a picture?
  T const* zeros;                   // as many as x has channels
};

/// Widest vector and most rows of any copy; sizes rounded to them suit every copy.
inline constexpr index_t widest = 16, most_rows = 12;
/// Terms of a sum that one multiply-add takes: numbers of 16 bits come in pairs.
template <class T>
inline constexpr int terms_at_once = std::is_same_v<T, bfloat16> ? 2 : 1;

/// Kernels on operands of T, with sums in float. Rows of a and c are padded to most_rows; sizes and
/// strides are in elements, depths multiples of terms_at_once<T>. b is in panels of two vectors of
/// results (the last of one, if that is enough): (k / panel, depth / terms, panel, terms).
template <class T>
struct operand_kernels {
  /// c (m, k) = bias + a (m, depth) * b (depth, k); k a multiple of width; bias may be null. 2 m k depth flop.
  void (*gemm)(index_t m, index_t depth, index_t k, T const* a, index_t lda, T const* b, float const* bias, float* c, index_t ldc);
  /// The same for k <= 4, b (k, depth), depth a multiple of width terms.
  void (*dot)(index_t m, index_t depth, index_t k, T const* a, index_t lda, T const* b, float const* bias, float* c, index_t ldc);
  /// 6 x 6 pixels to the 36 products' operands, `step` apart; channels a multiple of width.
  void (*winograd_input)(T const* from, index_t row, index_t pixel, index_t channels, T* to, index_t step);
  /// Columns of `count` pixels from (h, w) on, which is where the window stands without its taps.
  void (*deform)(deform_job<T> const& job, index_t n, float h, float w, index_t count, float const* offsets, float const* masks,
                 T* columns);
  /// 2 rows independent multiply-adds of a vector, n times: the most that the processor does.
  float (*multiply_adds)(index_t n);
};

namespace baseline {
constexpr int width = 4, rows = 6;
constexpr bool native_bfloat16 = false;
#ifdef __x86_64__
// Vectors of trees are compiled once, for the AVX2 that all but a few processors have: half the compile time.
constexpr bool tree_packs = false;
#else
constexpr bool tree_packs = true;
#endif
#include "edvr/backend/cpu/kernels/trees.inc.hpp"
#if EDVR_VECTOR_KERNELS
#include "edvr/backend/cpu/kernels/all.inc.hpp"
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
constexpr bool native_bfloat16 = false;
constexpr bool tree_packs = true;
#include "edvr/backend/cpu/kernels/trees.inc.hpp"
#include "edvr/backend/cpu/kernels/all.inc.hpp"
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
constexpr bool native_bfloat16 = false;
#include "edvr/backend/cpu/kernels/all.inc.hpp"
}  // namespace avx512
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,prefer-vector-width=512")
#endif
namespace avx512_bf16 {  // used for 16-bit elements only: float's kernels are those of avx512
constexpr int width = 16, rows = 12;
constexpr bool native_bfloat16 = true;
#include "edvr/backend/cpu/kernels/all.inc.hpp"
}  // namespace avx512_bf16
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#else
namespace avx2 = baseline;
namespace avx512 = baseline;
namespace avx512_bf16 = baseline;
#endif

/// Trees are compiled for two sets only: what they do is bound by memory, which 512-bit vectors do not widen.
template <class F>
F* choose_tree(instruction_set s, F* plain, F* wide) {
  return s == instruction_set::baseline ? plain : wide;
}

#if EDVR_VECTOR_KERNELS
/// One copy of the kernels.
struct kernel_set {
  int width, rows;
  operand_kernels<float> of_float;
  operand_kernels<bfloat16> of_bfloat16;
  /// 36 products, `step` apart, and a bias to 4 x 4 pixels of `channels` each.
  void (*winograd_output)(float const* from, index_t step, index_t channels, float const* bias, float* to);

  template <class T>
  operand_kernels<T> const& of() const {
    if constexpr (std::is_same_v<T, float>)
      return of_float;
    else
      return of_bfloat16;
  }
};
inline kernel_set const& kernels(instruction_set s) {
  static constexpr kernel_set sets[] = {
      {baseline::width, baseline::rows, baseline::kernels_of<float>, baseline::kernels_of<bfloat16>, baseline::winograd_output},
      {avx2::width, avx2::rows, avx2::kernels_of<float>, avx2::kernels_of<bfloat16>, avx2::winograd_output},
      {avx512::width, avx512::rows, avx512::kernels_of<float>, avx512::kernels_of<bfloat16>, avx512::winograd_output},
      {avx512::width, avx512::rows, avx512::kernels_of<float>, avx512_bf16::kernels_of<bfloat16>, avx512::winograd_output}};
  return sets[static_cast<int>(s) - static_cast<int>(instruction_set::baseline)];
}
#endif

}  // namespace edvr::v1::detail
