// expect: nothing: C's <complex.h> defines I, and may be included first
#define I no name of the library
#include "edvr/edvr.hpp"
auto f(edvr::tensor<float, 2> x) { return edvr::eval(x + 1.f)(0, 0); }
