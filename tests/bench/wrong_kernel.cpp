// SPDX-License-Identifier: Apache-2.0
// A kernel that is wrong in one element must not be timed.
#include "edvr/bench/bench.hpp"
using namespace edvr;

int main(int count, char** arguments) {
  benchmark::Initialize(&count, arguments);
  bench::deform_conv2d("wrong", [](auto const& in, auto const& ex) {
    auto y = eval(deform_conv2d(in.x, in.offset, in.mask, in.weight, in.bias, in.p), ex);
    y(0, 3, 7, 11) += 1;
    return y;
  });
  benchmark::RunSpecifiedBenchmarks();
}
