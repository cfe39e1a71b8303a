// SPDX-License-Identifier: Apache-2.0
// Times of the GPU backend on the shapes of EDVR-M, by events, each verified first, beside what the device does at its best.
//   edvr_bench_gpu [--small] [--json]    --small: tiny shapes, to see that it works where the "GPU" is a CPU
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "edvr/cuda.hpp"
#include "edvr/model/published.hpp"
using namespace edvr;

namespace {
bool small = false, as_json = false;
double bytes_per_second = 0, flops_per_second = 0;  // the ceilings, measured first
int wrong = 0;

/// Milliseconds of one call: the median of five, each of as many calls as take some milliseconds.
template <class F>
double time_of(F const& f) {
  gpu_executor const ex;
  auto const run = [&](int n) {
    event from, to;
    from.record(ex);
    for (int i = 0; i < n; ++i) f();
    to.record(ex);
    return to.milliseconds_since(from) / n;
  };
  f();
  ex.sync();
  double const once = run(1);
  int const calls = small ? 1 : std::clamp(static_cast<int>(20 / std::max(once, 1e-3)), 1, 1000);
  std::vector<double> all;
  for (int i = 0; i < (small ? 1 : 5); ++i) all.push_back(run(calls));
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2), all.end());
  return all[all.size() / 2];
}
void line(std::string const& name, double ms, double flop, double bytes, double error) {
  if (as_json)
    std::printf("{\"name\": \"%s\", \"ms\": %.6g, \"flop\": %.6g, \"bytes\": %.6g, \"largest_error\": %.3g}\n", name.c_str(), ms, flop,
                bytes, error);
  else
    std::printf("%-36s %10.4f ms %9.1f GFLOP/s (%4.0f %%) %8.1f GB/s (%4.0f %%)  error %.1g\n", name.c_str(), ms, flop / ms / 1e6,
                100 * flop / ms * 1e3 / flops_per_second, bytes / ms / 1e6, 100 * bytes / ms * 1e3 / bytes_per_second, error);
}
/// The largest difference of two device tensors, beside the largest value.
template <class A, class B>
double difference(A const& a, B const& b) {
  return static_cast<double>(to<cpu>(eval(max(abs(a - b)))).item()) /
         std::max(1e-30, static_cast<double>(to<cpu>(eval(max(abs(b)))).item()));
}
/// f() timed, if it gives what the plain kernel gives.
template <class F, class Plain>
void compare(std::string const& name, F const& f, Plain const& plain, double flop, double bytes) {
  double const error = difference(f(), plain());
  if (!(error < 1e-5)) {
    std::printf("%s: WRONG, largest error %.3g\n", name.c_str(), error);
    ++wrong;
    return;
  }
  line(name, time_of([&] { f(); }), flop, bytes, error);
}
tensor<float, 4, gpu> map_of(coord<4> const& s, std::uint64_t seed) {
  auto const y = empty<float, gpu>(s, channels_last(s));
  assign(y, to<gpu>(normal<float>(s, seed)));
  return y;
}
void convolutions(index_t c, index_t h, index_t w) {
  auto const x = map_of({{1, c, h, w}}, 1), offset = eval(2.f * map_of({{1, 18 * 8, h, w}}, 3)), mask = map_of({{1, 9 * 8, h, w}}, 4);
  auto const weight = to<gpu>(normal<float>(coord<4>{{c, c, 3, 3}}, 2, 0, 0.04));
  conv2d_params const p{.padding = 1};
  double const pixels = static_cast<double>(h * w), cc = static_cast<double>(c), flop = 18 * cc * cc * pixels, maps = 2 * 4 * cc * pixels;
  auto const at = text(' ', c, " channels ", w, 'x', h);
  compare(
      "conv2d" + at, [&] { return eval(conv2d(x, weight, p)); }, [&] { return eval(conv2d(x, weight, p, algo::reference{})); }, flop, maps);
  compare(
      "deform_conv2d" + at, [&] { return eval(deform_conv2d(x, offset, sigmoid(mask), weight, {}, p)); },
      [&] { return eval(deform_conv2d(x, offset, sigmoid(mask), weight, {}, p, algo::reference{})); }, flop, maps + 4 * 27 * 8 * pixels);
  compare(
      "leaky_relu + sum" + at, [&] { return eval(x + leaky_relu(x, 0.1f)); }, [&] { return eval(x + where(x < 0.f, 0.1f * x, x)); },
      3 * cc * pixels, maps);
}
}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) small = small || !std::strcmp(argv[i], "--small"), as_json = as_json || !std::strcmp(argv[i], "--json");
  if (device_count() == 0) return std::puts("skipped: no CUDA device here"), 77;
  std::printf(as_json ? "{\"device\": \"%s\"}\n" : "%s\n", device_name().c_str());

  index_t const n = small ? 64 : 4096;
  auto const a = to<gpu>(normal<float>(coord<2>{{n, n}}, 1));
  double const product = time_of([&] { eval(matmul(a, a)); }), flop = 2.0 * static_cast<double>(n * n * n);
  flops_per_second = flop / product * 1e3;
  auto const wide = full<float, gpu>(coord<1>{{small ? 1 << 12 : 1 << 26}}, 1.f);
  double const copied = time_of([&] { clone(wide); }), bytes = 8.0 * static_cast<double>(wide.size());
  bytes_per_second = bytes / copied * 1e3;
  line("ceiling: product of matrices", product, flop, 12.0 * static_cast<double>(n * n), 0);
  line("ceiling: copy", copied, 0, bytes, 0);

  if (small) {
    convolutions(16, 6, 8);
  } else {
    for (index_t c : {index_t{64}, index_t{128}})
      for (index_t scale : {1, 2, 4}) convolutions(c, 180 / scale / 4 * 4, 320 / scale);
  }
  edvr_config config;  // EDVR-M
  if (small) config.num_feat = 8, config.num_frame = 3, config.num_extract_block = config.num_reconstruct_block = 1;
  nn::edvr_net<float> net(config);
  nn::init_random(net, 1);
  auto const there = to<gpu>(net);
  auto const x = to<gpu>(uniform<float>(coord<5>{{1, config.num_frame, 3, small ? 8 : 180, small ? 8 : 320}}, 2));
  double const error = difference(there(x), to<gpu>(net(to<cpu>(x))));
  if (!(error < 1e-3)) std::printf("the network: WRONG, largest error %.3g\n", error), ++wrong;
  line(small ? "a small network" : "EDVR-M, a window of 320x180", time_of([&] { there(x); }), 0, 0, error);
  return wrong != 0;
}
