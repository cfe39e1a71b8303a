// expect: cannot be broadcast
#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<float, 4> x, tensor<float, 2> a) { return eval(x + matmul(a, a)); }
