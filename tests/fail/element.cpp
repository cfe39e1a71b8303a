// expect: same_element
#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<float, 4> x, tensor<double, 4> y) { return x + y; }
