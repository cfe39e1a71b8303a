// expect: algo::im2col is for float and double
#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<bfloat16, 4> x, tensor<float, 4> offset, tensor<float, 4> mask) {
  return deform_conv2d(x, offset, mask, x, {}, {}, algo::im2col{});
}
