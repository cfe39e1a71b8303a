// expect: hold a pointer or a view, not a container
#include <vector>

#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<float, 1> x, std::vector<float> table) {
  return apply_each([table](float v) { return table[0] * v; }, x);
}
