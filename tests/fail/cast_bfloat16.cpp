// expect: or eval<bfloat16>(x)
#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<float, 1> x) { return cast<bfloat16>(x); }
