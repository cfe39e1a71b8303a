// SPDX-License-Identifier: Apache-2.0
// The cuBLAS calls that the library makes, as plain sums over device memory. Arguments are checked as cuBLAS documents it.
#include <cublas_v2.h>

#include <algorithm>

#include "machine.hpp"
#include "memory.hpp"

namespace {
char handle_tag;
bool known(cublasHandle_t h) { return h == reinterpret_cast<cublasHandle_t>(&handle_tag); }

/// A column-major matrix of `rows` and `columns` in device memory; faults if it is not all there.
template <class T>
T* matrix(T* p, int rows, int columns, int ld) {
  if (rows == 0 || columns == 0) return p;
  void* const found = ptx::device_bytes(
      p, sizeof(T) * (static_cast<std::size_t>(ld) * static_cast<std::size_t>(columns - 1) + static_cast<std::size_t>(rows)));
  if (!found) ptx::fault("cublas gemm: a matrix that is not all in device memory", reinterpret_cast<std::uint64_t>(p));
  return static_cast<T*>(found);
}
template <class T>
cublasStatus_t gemm(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, T const* alpha, T const* a, int lda,
                    T const* b, int ldb, T const* beta, T* c, int ldc) {
  if (!known(h)) return CUBLAS_STATUS_NOT_INITIALIZED;
  bool const at = ta != CUBLAS_OP_N, bt = tb != CUBLAS_OP_N;
  if (m < 0 || n < 0 || k < 0 || !alpha || !beta || lda < std::max(1, at ? k : m) || ldb < std::max(1, bt ? n : k) || ldc < std::max(1, m))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (m == 0 || n == 0) return CUBLAS_STATUS_SUCCESS;
  T const* const x = matrix(a, at ? k : m, at ? m : k, lda);
  T const* const y = matrix(b, bt ? n : k, bt ? k : n, ldb);
  T* const z = matrix(c, m, n, ldc);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < m; ++i) {
      T sum = 0;
      for (int l = 0; l < k; ++l) {
        auto const p = static_cast<std::ptrdiff_t>(at ? l : i) + static_cast<std::ptrdiff_t>(at ? i : l) * lda,
                   q = static_cast<std::ptrdiff_t>(bt ? j : l) + static_cast<std::ptrdiff_t>(bt ? l : j) * ldb;
        sum += x[p] * y[q];
      }
      T& to = z[i + static_cast<std::ptrdiff_t>(j) * ldc];
      to = *alpha * sum + (*beta == T(0) ? T(0) : *beta * to);
    }
  return CUBLAS_STATUS_SUCCESS;
}
template <class T>
cublasStatus_t gemm_batched(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, T const* alpha, T const* a,
                            int lda, long long sa, T const* b, int ldb, long long sb, T const* beta, T* c, int ldc, long long sc,
                            int batch) {
  if (!known(h)) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (batch < 0) return CUBLAS_STATUS_INVALID_VALUE;
  if (batch > 1 && m > 0 && n > 0 && sc < static_cast<long long>(ldc) * (n - 1) + m && (sc < m || sc + m > ldc))
    ptx::fault("cublas gemm: results of a batch overlap", reinterpret_cast<std::uint64_t>(c));
  for (int i = 0; i < batch; ++i)
    if (auto const s = gemm(h, ta, tb, m, n, k, alpha, a + i * sa, lda, b + i * sb, ldb, beta, c + i * sc, ldc); s != CUBLAS_STATUS_SUCCESS)
      return s;
  return CUBLAS_STATUS_SUCCESS;
}
}  // namespace

extern "C" {
cublasStatus_t cublasCreate_v2(cublasHandle_t* h) {
  if (!h) return CUBLAS_STATUS_INVALID_VALUE;
  *h = reinterpret_cast<cublasHandle_t>(&handle_tag);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetStream_v2(cublasHandle_t h, cudaStream_t) {
  return known(h) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_INITIALIZED;
}
char const* cublasGetStatusName(cublasStatus_t s) {
  return s == CUBLAS_STATUS_SUCCESS           ? "CUBLAS_STATUS_SUCCESS"
         : s == CUBLAS_STATUS_INVALID_VALUE   ? "CUBLAS_STATUS_INVALID_VALUE"
         : s == CUBLAS_STATUS_NOT_INITIALIZED ? "CUBLAS_STATUS_NOT_INITIALIZED"
                                              : "CUBLAS_STATUS";
}
char const* cublasGetStatusString(cublasStatus_t s) { return cublasGetStatusName(s); }
cublasStatus_t cublasSgemm_v2(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, float const* alpha,
                              float const* a, int lda, float const* b, int ldb, float const* beta, float* c, int ldc) {
  return gemm(h, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
cublasStatus_t cublasDgemm_v2(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, double const* alpha,
                              double const* a, int lda, double const* b, int ldb, double const* beta, double* c, int ldc) {
  return gemm(h, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
cublasStatus_t cublasSgemmStridedBatched(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                                         float const* alpha, float const* a, int lda, long long sa, float const* b, int ldb, long long sb,
                                         float const* beta, float* c, int ldc, long long sc, int batch) {
  return gemm_batched(h, ta, tb, m, n, k, alpha, a, lda, sa, b, ldb, sb, beta, c, ldc, sc, batch);
}
cublasStatus_t cublasDgemmStridedBatched(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                                         double const* alpha, double const* a, int lda, long long sa, double const* b, int ldb,
                                         long long sb, double const* beta, double* c, int ldc, long long sc, int batch) {
  return gemm_batched(h, ta, tb, m, n, k, alpha, a, lda, sa, b, ldb, sb, beta, c, ldc, sc, batch);
}
}  // extern "C"
