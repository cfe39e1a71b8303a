// wrong result
// A mistake that only the device's compilation sees.
#include "fault.hpp"
__host__ __device__ int at(int i, int n) {
#if defined(__CUDA_ARCH__) && defined(FAULT)
  return (i + 1) % n;
#else
  return i % n;
#endif
}
__global__ void copy(float const* x, float* y, int n) {
  int const i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) y[i] = x[at(i, n)];
}
int main() {
  std::vector<float> v(100);
  for (int i = 0; i < 100; ++i) v[i] = static_cast<float>(i);
  float *const x = on_device(v), *const y = on_device(std::vector<float>(100));
  copy<<<2, 64>>>(x, y, 100);
  return expect(on_host(y, 100) == v);
}
