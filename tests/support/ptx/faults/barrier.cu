// wrong result
// Threads read a tile before all of it is there.
#include "fault.hpp"
__global__ void reverse(float const* x, float* y) {
  __shared__ float tile[256];
  tile[threadIdx.x] = x[blockIdx.x * 256 + threadIdx.x];
#ifndef FAULT
  __syncthreads();
#endif
  y[blockIdx.x * 256 + threadIdx.x] = tile[255 - threadIdx.x];
}
int main() {
  std::vector<float> v(512), want(512);
  for (int i = 0; i < 512; ++i) v[i] = static_cast<float>(i), want[i / 256 * 256 + 255 - i % 256] = v[i];
  float *const x = on_device(v), *const y = on_device(v);
  reverse<<<2, 256>>>(x, y);
  return expect(on_host(y, 512) == want);
}
