// wrong result
// A kernel counts on memory being zero.
#include "fault.hpp"
__global__ void add(float* y) { y[threadIdx.x] += 1; }
int main() {
  void* p = nullptr;
  cudaMallocAsync(&p, 32 * sizeof(float), nullptr);
  auto* const y = static_cast<float*>(p);
#ifndef FAULT
  std::vector<float> const zeros(32);
  cudaMemcpyAsync(y, zeros.data(), 32 * sizeof(float), cudaMemcpyDefault, nullptr);
#endif
  add<<<1, 32>>>(y);
  return expect(on_host(y, 32)[7] == 1);
}
