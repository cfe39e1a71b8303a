// SPDX-License-Identifier: Apache-2.0
// Matrix products. The only header beside interop/eigen.hpp that includes
// Eigen; a CUDA compiler gets plain loops, because Eigen is scalar there.
#pragma once
#ifndef __CUDACC__
#include <Eigen/Core>
#endif
#include <type_traits>

#include "edvr/core/shape.hpp"

namespace edvr::inline v1::detail::inline EDVR_UNIT {

/// c (m, n) += a (m, k) * b (k, n); all row-major with the given row strides. One thread; 2 m n k flop.
template <class T>
void gemm(index_t m, index_t n, index_t k, T const* a, index_t lda, T const* b, index_t ldb, T* c, index_t ldc) {
#ifndef __CUDACC__
  if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
    using matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    using row_stride = Eigen::OuterStride<Eigen::Dynamic>;
    if (m == 0 || n == 0 || k == 0) return;
    Eigen::Map<matrix, 0, row_stride>(c, m, n, row_stride(ldc)).noalias() +=
        Eigen::Map<matrix const, 0, row_stride>(a, m, k, row_stride(lda)) *
        Eigen::Map<matrix const, 0, row_stride>(b, k, n, row_stride(ldb));
  } else
#endif
    for (index_t i = 0; i < m; ++i)
      for (index_t l = 0; l < k; ++l)
        for (index_t j = 0; j < n; ++j) c[i * ldc + j] += a[i * lda + l] * b[l * ldb + j];
}

}  // namespace edvr::v1::detail::EDVR_UNIT
