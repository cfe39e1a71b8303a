// expect: has_rank
#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<float, 3> x, tensor<float, 4> w) { return eval(conv2d(x, w)); }
