// expect: elements in device memory cannot be read one by one
#include "edvr/edvr.hpp"
using namespace edvr;
float f(tensor<float, 1, gpu> x) { return x(0); }
