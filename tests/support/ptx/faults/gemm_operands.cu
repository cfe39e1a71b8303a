// wrong result
// cuBLAS counts columns first; a row-major product with its operands in the written order is another matrix.
#include "fault.hpp"
int main() {
  int const m = 3, n = 5, k = 4;
  std::vector<float> a(m * k), b(k * n), want(m * n);
  for (int i = 0; i < m * k; ++i) a[i] = static_cast<float>(i % 7);
  for (int i = 0; i < k * n; ++i) b[i] = static_cast<float>(i % 5);
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j)
      for (int l = 0; l < k; ++l) want[i * n + j] += a[i * k + l] * b[l * n + j];
  float *const x = on_device(a), *const y = on_device(b), *const z = on_device(want), one = 1, zero = 0;
  cublasHandle_t h;
  cublasCreate(&h);
#ifdef FAULT
  cublasSgemm(h, CUBLAS_OP_T, CUBLAS_OP_T, m, n, k, &one, x, k, y, n, &zero, z, m);
#else
  cublasSgemm(h, CUBLAS_OP_N, CUBLAS_OP_N, n, m, k, &one, y, n, x, k, &zero, z, n);
#endif
  return expect(on_host(z, want.size()) == want);
}
