// expect: algo::im2col is for float and double
#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<int, 4> x) { return conv2d(x, x, conv2d_params{}, algo::im2col{}); }
