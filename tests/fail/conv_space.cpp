// expect: same_space
#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<float, 4, cpu> x, tensor<float, 4, gpu> w) { return conv2d(x, w); }
