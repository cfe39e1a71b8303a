// SPDX-License-Identifier: Apache-2.0
// Google Benchmark for kernels, ours and yours: the same cases, verified before they are timed, the same counters. The only header that
// includes Google Benchmark; link benchmark::benchmark.
#pragma once
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "edvr/bench/cases.hpp"
#include "edvr/bench/peak.hpp"
#include "edvr/core/random.hpp"
#include "edvr/ops/deform_conv2d.hpp"
#include "edvr/ops/math.hpp"
#include "edvr/ops/reduce.hpp"

namespace edvr::inline v1::bench {

/// Work of one iteration, for the counters.
struct work {
  double flop = 0, bytes = 0;
  dtype multiplies = dtype::float32;  // or bfloat16: whose rate "peak" is a share of
};

/// Registers a benchmark. run() does the work once; verify() returns what is wrong with its result, or nothing, and is asked first.
/// Counters: FLOP/s, bytes/s, and "peak" (Google Benchmark prints it as "/s", like every rate), the share of the multiply-add rate that
/// peak_flops measures on the same threads.
inline void add(std::string const& name, work const& w, cpu_executor const& ex, std::function<std::string()> verify,
                std::function<void()> run) {
  auto* const b = benchmark::RegisterBenchmark(text(name, "/threads:", ex.workers()).c_str(), [=](benchmark::State& state) {
    static std::map<std::tuple<int, instruction_set, dtype>, double> peaks;
    auto& peak = peaks[{ex.workers(), resolve(ex.isa), w.multiplies}];
    if (peak == 0) peak = w.multiplies == dtype::bfloat16 ? peak_flops<bfloat16>(ex) : peak_flops(ex);
    if (auto const wrong = verify ? verify() : std::string(); !wrong.empty()) return state.SkipWithError(wrong.c_str());
    run();  // warm
    for (auto _ : state) run();
    auto const rate = [](double v) { return benchmark::Counter(v, benchmark::Counter::kIsIterationInvariantRate); };
    if (w.flop > 0) state.counters["FLOP/s"] = rate(w.flop), state.counters["peak"] = rate(w.flop / peak);
    if (w.bytes > 0) state.counters["bytes/s"] = rate(w.bytes);
  });
  b->Unit(benchmark::kMillisecond)->UseRealTime();
}

/// How far a verified result may be from the float64 one, beside its largest value.
inline double limit_of(dtype multiplies) { return multiplies == dtype::bfloat16 ? 0.03 : 1e-4; }
/// "" if y is within `limit` times the largest expected value everywhere; otherwise a sentence.
inline std::string difference(tensor<float, 4> const& y, tensor<double, 4> const& expected, double limit = 1e-4) {
  if (!(y.shape() == expected.shape())) return text("result has shape ", y.shape(), "; expected ", expected.shape());
  double const largest = eval(max(abs(expected)))(), error = eval(max(abs(cast<double>(y) - expected)))();
  return error <= limit * largest
             ? ""
             : text("largest error ", error, " beside values up to ", largest, "; expected at most ", limit, " of that");
}

/// What a convolution of a case is given. Feature maps are channels-last in memory, as EDVR's are.
struct conv2d_inputs {
  tensor<float, 4> x, weight;
  tensor<float, 1> bias;
  conv2d_params p;
  tensor<float, 4> offset = {}, mask = {};  // deform_conv2d only
};
/// Seeded inputs of a case.
inline conv2d_inputs inputs_of(conv2d_case const& c) {
  return {to_channels_last(normal<float>(c.x_shape(), 1)),
          normal<float>(c.weight_shape(), 2, 0, 1 / std::sqrt(static_cast<double>(c.c * c.r * c.r))), normal<float>({c.k}, 3), c.p};
}
inline conv2d_inputs inputs_of(deform_conv2d_case const& c) {
  return {to_channels_last(normal<float>(c.x_shape(), 1)),
          normal<float>(c.weight_shape(), 2, 0, 1 / std::sqrt(static_cast<double>(9 * c.c))),
          normal<float>({c.c}, 3),
          conv2d_params{.padding = 1},
          to_channels_last(normal<float>(c.offset_shape(), 4, 0, 2)),
          to_channels_last(uniform<float>(c.mask_shape(), 5))};
}
/// The same in float64 by matrix products: what a kernel is verified against.
inline tensor<double, 4> expected(conv2d_inputs const& in) {
  auto const d = [](auto const& t) { return eval(cast<double>(t)); };
  if (in.offset) return eval(deform_conv2d(d(in.x), d(in.offset), d(in.mask), d(in.weight), d(in.bias), in.p));
  return eval(conv2d(d(in.x), d(in.weight), d(in.bias), in.p));
}

namespace detail_of_cases {
template <class Case, std::size_t N, class F>
void add_all(std::string const& op, Case const (&cases)[N], std::string const& who, cpu_executor const& ex, dtype multiplies, F f) {
  for (auto const& c : cases) {
    auto const in = std::make_shared<conv2d_inputs>();
    auto const prepared = [in, c]() -> conv2d_inputs const& {  // when the benchmark runs, not when it is listed
      if (!in->x) *in = inputs_of(c);
      return *in;
    };
    add(
        op + "/" + c.name + "/" + who, {c.flop(), c.bytes(), multiplies}, ex,
        [=] {
          static std::map<std::string, tensor<double, 4>> known;
          auto& want = known[op + c.name];
          if (!want) want = expected(prepared());
          return difference(f(prepared(), ex), want, limit_of(multiplies));
        },
        [=] { benchmark::DoNotOptimize(f(prepared(), ex)); });
  }
}
}  // namespace detail_of_cases

/// Benchmarks "conv2d/CASE/who" of a kernel f(conv2d_inputs, executor) -> tensor<float, 4> on every conv2d_case. multiplies: bfloat16 if
/// the kernel rounds its operands to that, which decides the limit and the peak.
template <class F>
void conv2d(std::string const& who, F f, cpu_executor const& ex = {}, dtype multiplies = dtype::float32) {
  detail_of_cases::add_all("conv2d", conv2d_cases, who, ex, multiplies, f);
}
/// Benchmarks "deform_conv2d/CASE/who" of a kernel f(conv2d_inputs, executor) -> tensor<float, 4> on every deform_conv2d_case.
template <class F>
void deform_conv2d(std::string const& who, F f, cpu_executor const& ex = {}, dtype multiplies = dtype::float32) {
  detail_of_cases::add_all("deform_conv2d", deform_conv2d_cases, who, ex, multiplies, f);
}

}  // namespace edvr::inline v1::bench
