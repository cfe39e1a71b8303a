// misaligned access to device memory
// Four floats at once from an address that is no multiple of sixteen.
#include "fault.hpp"
#ifdef FAULT
constexpr int from = 1;
#else
constexpr int from = 4;
#endif
__global__ void copy(float const* x, float4* y) { *y = *reinterpret_cast<float4 const*>(x); }
int main() {
  float *const x = on_device(std::vector<float>(16, 3.f)), *const y = on_device(std::vector<float>(4));
  copy<<<1, 1>>>(x + from, reinterpret_cast<float4*>(y));
  return expect(on_host(y, 4)[3] == 3.f);
}
