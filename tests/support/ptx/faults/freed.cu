// access outside of every live allocation of the device
// A kernel reads memory that has been given back.
#include "fault.hpp"
__global__ void copy(float const* x, float* y) { y[threadIdx.x] = x[threadIdx.x]; }
int main() {
  std::vector<float> const v(32, 3.f);
  float *const x = on_device(v), *const y = on_device(v);
#ifdef FAULT
  cudaFreeAsync(x, nullptr);
#endif
  copy<<<1, 32>>>(x, y);
  return expect(on_host(y, 32) == v);
}
