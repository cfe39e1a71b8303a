// SPDX-License-Identifier: Apache-2.0
// The register-tiled matrix product that every convolution ends in, included once per instruction set inside its namespace and target
// region (isa.hpp). Uses `width`, the floats of a vector, and `rows`, how many rows times two vectors fit into the registers.

typedef float vec __attribute__((vector_size(width * 4), aligned(4), may_alias));
EDVR_HD vec& as_vec(float* p) { return *reinterpret_cast<vec*>(p); }
EDVR_HD vec const& as_vec(float const* p) { return *reinterpret_cast<vec const*>(p); }

/// c (rows, Vectors * width) = bias + a (rows, depth) * b (depth, Vectors * width), held in registers.
template <int Vectors>
EDVR_HD void tile(index_t depth, float const* a, index_t lda, float const* b, float const* bias, float* c, index_t ldc) {
  vec s[rows][Vectors];
  EDVR_UNROLL
  for (int j = 0; j < Vectors; ++j) {
    vec const start = bias ? as_vec(bias + j * width) : vec{};
    EDVR_UNROLL
    for (int i = 0; i < rows; ++i) s[i][j] = start;
  }
  for (index_t k = 0; k < depth; ++k, b += Vectors * width) {
    vec v[Vectors];
    EDVR_UNROLL
    for (int j = 0; j < Vectors; ++j) v[j] = as_vec(b + j * width);
    EDVR_UNROLL
    for (int i = 0; i < rows; ++i) {
      float const x = a[i * lda + k];
      EDVR_UNROLL
      for (int j = 0; j < Vectors; ++j) s[i][j] += x * v[j];
    }
  }
  EDVR_UNROLL
  for (int i = 0; i < rows; ++i) {
    EDVR_UNROLL
    for (int j = 0; j < Vectors; ++j) as_vec(c + i * ldc + j * width) = s[i][j];
  }
}

/// kernel_set::gemm.
inline void gemm_panels(index_t m, index_t depth, index_t k, float const* a, index_t lda, float const* b, float const* bias, float* c, index_t ldc) {
  index_t j = 0;
  for (; j + 2 * width <= k; j += 2 * width, b += 2 * width * depth)
    for (index_t i = 0; i < m; i += rows) tile<2>(depth, a + i * lda, lda, b, bias ? bias + j : nullptr, c + i * ldc + j, ldc);
  if (j < k)
    for (index_t i = 0; i < m; i += rows) tile<1>(depth, a + i * lda, lda, b, bias ? bias + j : nullptr, c + i * ldc + j, ldc);
}

/// kernel_set::dot: vectors run along the depth, for results of so few channels that a panel would be mostly padding.
template <int Outputs>
EDVR_HD void dot_rows(index_t m, index_t depth, float const* a, index_t lda, float const* b, float const* bias, float* c, index_t ldc) {
  constexpr int pixels = 4;
  for (index_t i = 0; i < m; i += pixels) {
    vec s[pixels][Outputs];
    EDVR_UNROLL
    for (int p = 0; p < pixels; ++p) {
      EDVR_UNROLL
      for (int o = 0; o < Outputs; ++o) s[p][o] = vec{};
    }
    for (index_t k = 0; k < depth; k += width) {
      EDVR_UNROLL
      for (int o = 0; o < Outputs; ++o) {
        vec const w = as_vec(b + o * depth + k);
        EDVR_UNROLL
        for (int p = 0; p < pixels; ++p) s[p][o] += as_vec(a + (i + p) * lda + k) * w;
      }
    }
    for (int p = 0; p < pixels; ++p)
      for (int o = 0; o < Outputs; ++o) {
        float sum = 0;
        for (int l = 0; l < width; ++l) sum += s[p][o][l];
        c[(i + p) * ldc + o] = sum + (bias ? bias[o] : 0.f);
      }
  }
}
inline void dot_products(index_t m, index_t depth, index_t k, float const* a, index_t lda, float const* b, float const* bias, float* c, index_t ldc) {
  switch (k) {
    case 1: return dot_rows<1>(m, depth, a, lda, b, bias, c, ldc);
    case 2: return dot_rows<2>(m, depth, a, lda, b, bias, c, ldc);
    case 3: return dot_rows<3>(m, depth, a, lda, b, bias, c, ldc);
    default: return dot_rows<4>(m, depth, a, lda, b, bias, c, ldc);
  }
}
