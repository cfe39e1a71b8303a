// expect: this name stands for a conv2d or other heavy op that has not run
#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<float, 4> x, tensor<float, 4> w) {
  auto y = conv2d(x, w);
  return eval(y);
}
