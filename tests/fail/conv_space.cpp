// expect: no known conversion for argument 2
#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<float, 4, cpu> x, tensor<float, 4, gpu> w) { return conv2d(x, w); }
