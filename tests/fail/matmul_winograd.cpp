// expect: matmul: expected algo::automatic or algo::reference
#include "edvr/edvr.hpp"
using namespace edvr;
auto f(tensor<float, 2> x) { return matmul(x, x, algo::winograd{}); }
