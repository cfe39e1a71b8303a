// expect: instead: auto y = eval(conv2d(...))
#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<float, 4> x, tensor<float, 4> w) {
  auto y = conv2d(x, w);
  auto z = y;
  return eval(std::move(z));
}
