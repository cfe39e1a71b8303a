// expect: same_rank
#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<float, 3> y, tensor<float, 4> x) { assign(y, x); }
