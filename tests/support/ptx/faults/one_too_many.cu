// access outside of every live allocation of the device
// The launch has one index more than there are elements.
#include "fault.hpp"
#ifdef FAULT
constexpr int more = 1;
#else
constexpr int more = 0;
#endif
__global__ void fill(float* y, int n) {
  int const i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) y[i] = 1;
}
int main() {
  float* const y = on_device(std::vector<float>(100));
  fill<<<2, 64>>>(y, 100 + more);
  return expect(on_host(y, 100)[99] == 1);
}
