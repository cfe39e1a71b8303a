// SIGSEGV
// Host code dereferences an address of the device.
#include "fault.hpp"
int main() {
  float* const x = on_device(std::vector<float>(10, 2.f));
#ifdef FAULT
  return expect(*x == 2.f);
#else
  return expect(on_host(x, 1)[0] == 2.f);
#endif
}
