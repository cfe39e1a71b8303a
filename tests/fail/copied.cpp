// expect: used_twice_name_its_value_with_eval
#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<float, 4> x, tensor<float, 4> w) {
  auto y = conv2d(x, w);
  auto z = y;
  return eval(std::move(z));
}
