// SPDX-License-Identifier: Apache-2.0
#include "../benchmarks.hpp"
#include "edvr/bench/bench.hpp"
#include "edvr/nn/conv2d.hpp"
using namespace edvr;

namespace {
/// Weights packed once, as in a module. A new case has new weights.
template <class Algo>
auto by(Algo) {
  return [kept = std::make_shared<detail::packed_weights>()](bench::conv2d_inputs const& in, cpu_executor const& ex) {
    if (in.offset) return eval(detail::deform_conv2d<Algo>(in.x, in.offset, in.mask, in.weight, in.bias, in.p, kept), ex);
    return eval(detail::conv2d<Algo>(in.x, in.weight, in.bias, in.p, kept), ex);
  };
}
template <class Algo>
auto convolution(Algo) {
  return [kept = std::make_shared<detail::packed_weights>()](bench::conv2d_inputs const& in, cpu_executor const& ex) {
    return eval(detail::conv2d<Algo>(in.x, in.weight, in.bias, in.p, kept), ex);
  };
}
}  // namespace

void add_convolutions(cpu_executor const& ex) {
  bench::conv2d("default", convolution(algo::automatic{}), ex);
  bench::conv2d("direct", convolution(algo::direct{}), ex);
  bench::conv2d("im2col", convolution(algo::im2col{}), ex);
  bench::deform_conv2d("direct", by(algo::automatic{}), ex);
  bench::deform_conv2d("im2col", by(algo::im2col{}), ex);
}
