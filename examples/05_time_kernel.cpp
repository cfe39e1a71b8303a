// SPDX-License-Identifier: Apache-2.0
// A kernel of your own beside ours: the same cases, verified in float64 before they are timed, the same counters.
// Needs Google Benchmark. ./05_time_kernel --benchmark_filter=level
#include "edvr/bench/bench.hpp"
#include "edvr/nn/conv2d.hpp"
using namespace edvr;

/// Yours: here the plain loops over channels-last memory.
tensor<float, 4> mine(bench::conv2d_inputs const& in, cpu_executor const&) {
  auto const s = conv2d(in.x, in.weight, in.bias, in.p).shape();
  auto y = empty<float>(s, channels_last(s));
  for (index_t h = 0; h < s[2]; ++h)
    for (index_t w = 0; w < s[3]; ++w)
      for (index_t k = 0; k < s[1]; ++k) {
        float sum = in.bias(k);
        for (index_t i = 0; i < in.weight.extent(2); ++i)
          for (index_t j = 0; j < in.weight.extent(3); ++j) {
            index_t const p = h * in.p.stride.y - in.p.padding.y + i, q = w * in.p.stride.x - in.p.padding.x + j;
            if (p < 0 || p >= in.x.extent(2) || q < 0 || q >= in.x.extent(3)) continue;
            for (index_t c = 0; c < in.x.extent(1); ++c) sum += in.x(0, c, p, q) * in.weight(k, c, i, j);
          }
        y(0, k, h, w) = sum;
      }
  return y;
}

/// Ours, as a network runs it: a module packs its weights once. The function conv2d() would pack them at every call.
tensor<float, 4> ours(bench::conv2d_inputs const& in, cpu_executor const& ex) {
  static nn::conv2d<float> module;
  if (!module.weight || module.weight.data() != in.weight.data()) module.weight = in.weight, module.bias = in.bias, module.p = in.p;
  return eval(module(in.x), ex);
}

int main(int count, char** arguments) {
  benchmark::Initialize(&count, arguments);
  bench::conv2d("mine", mine, {.threads = 1});
  bench::conv2d("edvr", ours, {.threads = 1});
  benchmark::RunSpecifiedBenchmarks();
}
