// invalid configuration
// More threads than the kernel was compiled for, or than a block can have.
#include "fault.hpp"
__global__ void __launch_bounds__(256) fill(float* y) { y[threadIdx.x] = 1; }
int main() {
  float* const y = on_device(std::vector<float>(1024));
#ifdef FAULT
  fill<<<1, 512>>>(y);
#else
  fill<<<1, 256>>>(y);
#endif
  if (cudaGetLastError() != cudaSuccess) return std::puts("invalid configuration"), 1;
  return expect(on_host(y, 256)[255] == 1);
}
