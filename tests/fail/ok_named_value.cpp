// expect:
#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<float, 4> x, tensor<float, 4> w) {
  auto y = eval(conv2d(x, w));
  return eval(y + y);
}
