// SPDX-License-Identifier: Apache-2.0
// The register-tiled matrix product that every convolution ends in, included once per instruction set inside its namespace and target
// region (isa.hpp). Uses `width`, the floats of a vector, and `rows`, how many rows times two vectors fit into the registers.

/// c (rows, Vectors * width) = bias + a (rows, depth) * b (depth, Vectors * width), held in registers.
template <int Vectors, class T>
EDVR_HD void tile(index_t depth, T const* a, index_t lda, T const* b, float const* bias, float* c, index_t ldc) {
  using one = typename factors<T>::one;
  using many = typename factors<T>::many;
  constexpr int step = terms_at_once<T>;
  vec s[rows][std::size_t{Vectors}];
  EDVR_UNROLL
  for (int j = 0; j < Vectors; ++j) {
    vec const start = bias ? as_vec(bias + j * width) : vec{};
    EDVR_UNROLL
    for (int i = 0; i < rows; ++i) s[i][j] = start;
  }
  for (index_t k = 0; k < depth; k += step, b += Vectors * width * step) {
    many v[std::size_t{Vectors}];
    EDVR_UNROLL
    for (int j = 0; j < Vectors; ++j) v[j] = *reinterpret_cast<many const*>(b + j * width * step);
    EDVR_UNROLL
    for (int i = 0; i < rows; ++i) {
      one const x = *reinterpret_cast<one const*>(a + i * lda + k);
      EDVR_UNROLL
      for (int j = 0; j < Vectors; ++j) multiply_add_one<T>(s[i][j], x, v[j]);
    }
  }
  EDVR_UNROLL
  for (int i = 0; i < rows; ++i) {
    EDVR_UNROLL
    for (int j = 0; j < Vectors; ++j) as_vec(c + i * ldc + j * width) = s[i][j];
  }
}

/// operand_kernels::gemm.
template <class T>
void gemm_panels(index_t m, index_t depth, index_t k, T const* a, index_t lda, T const* b, float const* bias, float* c, index_t ldc) {
  index_t j = 0;
  for (; j + 2 * width <= k; j += 2 * width, b += 2 * width * depth)
    for (index_t i = 0; i < m; i += rows) tile<2>(depth, a + i * lda, lda, b, bias ? bias + j : nullptr, c + i * ldc + j, ldc);
  if (j < k)
    for (index_t i = 0; i < m; i += rows) tile<1>(depth, a + i * lda, lda, b, bias ? bias + j : nullptr, c + i * ldc + j, ldc);
}

/// operand_kernels::dot: vectors run along the depth, for results of so few channels that a panel would be mostly padding.
template <int Outputs, class T>
EDVR_HD void dot_rows(index_t m, index_t depth, T const* a, index_t lda, T const* b, float const* bias, float* c, index_t ldc) {
  using many = typename factors<T>::many;
  constexpr int pixels = 4;
  for (index_t i = 0; i < m; i += pixels) {
    vec s[pixels][std::size_t{Outputs}];
    EDVR_UNROLL
    for (int p = 0; p < pixels; ++p) {
      EDVR_UNROLL
      for (int o = 0; o < Outputs; ++o) s[p][o] = vec{};
    }
    for (index_t k = 0; k < depth; k += width * terms_at_once<T>) {
      EDVR_UNROLL
      for (int o = 0; o < Outputs; ++o) {
        many const w = *reinterpret_cast<many const*>(b + o * depth + k);
        EDVR_UNROLL
        for (int p = 0; p < pixels; ++p) multiply_add<T>(s[p][o], *reinterpret_cast<many const*>(a + (i + p) * lda + k), w);
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
template <class T>
void dot_products(index_t m, index_t depth, index_t k, T const* a, index_t lda, T const* b, float const* bias, float* c, index_t ldc) {
  switch (k) {
    case 1: return dot_rows<1>(m, depth, a, lda, b, bias, c, ldc);
    case 2: return dot_rows<2>(m, depth, a, lda, b, bias, c, ldc);
    case 3: return dot_rows<3>(m, depth, a, lda, b, bias, c, ldc);
    default: return dot_rows<4>(m, depth, a, lda, b, bias, c, ldc);
  }
}
