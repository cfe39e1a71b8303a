// data race
// Two indices write one cell: seen by a thread sanitizer when blocks run at once.
#include "fault.hpp"
__global__ void scatter(float* y, int n) {
  int const i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
#ifdef FAULT
  y[i % (n / 2)] = static_cast<float>(i);
#else
  y[i] = static_cast<float>(i);
#endif
}
int main() {
  float* const y = on_device(std::vector<float>(256));
  scatter<<<256, 1>>>(y, 256);
  return on_host(y, 256)[0] < 0;
}
