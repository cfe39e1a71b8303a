// access outside of every live allocation of the device
// A kernel is given an address of the host.
#include "fault.hpp"
__global__ void copy(float const* x, float* y) { y[threadIdx.x] = x[threadIdx.x]; }
int main() {
  std::vector<float> const v(32, 3.f);
#ifdef FAULT
  float const* const x = v.data();
#else
  float const* const x = on_device(v);
#endif
  float* const y = on_device(v);
  copy<<<1, 32>>>(x, y);
  return expect(on_host(y, 32) == v);
}
