// expect: no executor for this memory is known here: include edvr/edvr.hpp for the cpu, edvr/cuda.hpp for the gpu
#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<float, 2> x) { return to<gpu>(x); }
