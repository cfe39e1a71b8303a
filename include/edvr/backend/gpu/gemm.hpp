// SPDX-License-Identifier: Apache-2.0
// Matrix products on the device, by cuBLAS: the only header that includes it. On Thrust's OpenMP system, those of the CPU.
#pragma once
#include <limits>
#include <map>
#include <memory>
#include <mutex>

#include "edvr/backend/gpu/runtime.hpp"
#include "edvr/core/executor.hpp"

#if defined(__CUDACC__)
#include <cublas_v2.h>
#else
#include <algorithm>

#include "edvr/backend/cpu/gemm.hpp"
#endif

namespace edvr::inline v1::detail::inline EDVR_UNIT {

#if defined(__CUDACC__)
inline void check_blas(char const* call, cublasStatus_t s) {
  if (s == CUBLAS_STATUS_SUCCESS) return;
  bool const memory = s == CUBLAS_STATUS_NOT_INITIALIZED || s == CUBLAS_STATUS_ALLOC_FAILED;
  throw device_error(text(call, ": ", cublasGetStatusName(s), ", ", cublasGetStatusString(s),
                          memory ? "; expected some free device memory for cuBLAS: smaller or fewer frames at once" : ""));
}
/// cuBLAS's state on one device, shared by all threads: one call at a time.
/// Never destroyed, for at the end of a program the device may be gone.
struct blas_state {
  std::mutex mutex;
  std::shared_ptr<void> handle;
};
inline blas_state& blas_on(int device) {
  static std::mutex mutex;
  static auto* const states = new std::map<int, blas_state>;
  std::lock_guard lock(mutex);
  auto& state = (*states)[device];
  if (!state.handle) {
    cublasHandle_t h{};
    check_blas("cublasCreate", cublasCreate(&h));
    state.handle = {h, [](void*) {}};
  }
  return state;
}
inline cublasStatus_t blas_gemm(cublasHandle_t h, int m, int n, int k, float const* one, float const* a, int lda, float const* b, int ldb,
                                float const* zero, float* c, int ldc) {
  return cublasSgemm(h, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, one, a, lda, b, ldb, zero, c, ldc);
}
inline cublasStatus_t blas_gemm(cublasHandle_t h, int m, int n, int k, double const* one, double const* a, int lda, double const* b,
                                int ldb, double const* zero, double* c, int ldc) {
  return cublasDgemm(h, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, one, a, lda, b, ldb, zero, c, ldc);
}
inline cublasStatus_t blas_gemm(cublasHandle_t h, int m, int n, int k, float const* one, float const* a, int lda, long long sa,
                                float const* b, int ldb, long long sb, float const* zero, float* c, int ldc, long long sc, int batch) {
  return cublasSgemmStridedBatched(h, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, one, a, lda, sa, b, ldb, sb, zero, c, ldc, sc, batch);
}
inline cublasStatus_t blas_gemm(cublasHandle_t h, int m, int n, int k, double const* one, double const* a, int lda, long long sa,
                                double const* b, int ldb, long long sb, double const* zero, double* c, int ldc, long long sc, int batch) {
  return cublasDgemmStridedBatched(h, CUBLAS_OP_N, CUBLAS_OP_N, m, n, k, one, a, lda, sa, b, ldb, sb, zero, c, ldc, sc, batch);
}

/// Enqueued on the stream. Throws device_error. cuBLAS counts columns first: row-major c = a b is its c^T = b^T a^T.
template <class T>
void device_gemm(gemm_job<T> const& j, std::shared_ptr<void> const& stream) {
  if (j.m == 0 || j.n == 0 || j.batch == 0) return;
  auto& blas = blas_on(runtime::current_device());
  std::lock_guard lock(blas.mutex);
  auto const h = static_cast<cublasHandle_t>(blas.handle.get());
  check_blas("cublasSetStream", cublasSetStream(h, runtime::stream_of(stream)));
  T const one = 1, zero = 0;
  auto const i = [](index_t v) {
    if (v > std::numeric_limits<int>::max())
      throw shape_error(
          text("gemm: an extent or stride of ", v, " on the GPU; expected less than 2^31: work on fewer or smaller pictures at once"));
    return static_cast<int>(v);
  };
  if (j.batch == 1)
    check_blas("cublas gemm", blas_gemm(h, i(j.n), i(j.m), i(j.k), &one, j.b, i(j.ldb), j.a, i(j.lda), &zero, j.c, i(j.ldc)));
  else
    check_blas("cublas gemm", blas_gemm(h, i(j.n), i(j.m), i(j.k), &one, j.b, i(j.ldb), j.step_b, j.a, i(j.lda), j.step_a, &zero, j.c,
                                        i(j.ldc), j.step_c, i(j.batch)));
}
#else
template <class T>
void device_gemm(gemm_job<T> const& j, std::shared_ptr<void> const&) {
  for (index_t i = 0; i < j.batch; ++i) {
    T* const c = j.c + i * j.step_c;
    for (index_t row = 0; row < j.m; ++row) std::fill_n(c + row * j.ldc, j.n, T(0));
    gemm(j.m, j.n, j.k, j.a + i * j.step_a, j.lda, j.b + i * j.step_b, j.ldb, c, j.ldc);
  }
}
#endif

}  // namespace edvr::v1::detail::EDVR_UNIT
