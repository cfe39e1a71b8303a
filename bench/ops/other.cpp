// SPDX-License-Identifier: Apache-2.0
// Ops that move more bytes than they compute: bytes/s beside the copy rate of the context says how good they are. Each operand counts once,
// also where it is read twice.
#include "../benchmarks.hpp"
#include "edvr/bench/bench.hpp"
#include "edvr/ops/arithmetic.hpp"
#include "edvr/ops/attention.hpp"
#include "edvr/ops/concat.hpp"
#include "edvr/ops/leaky_relu.hpp"
#include "edvr/ops/pixel_shuffle.hpp"
#include "edvr/ops/pool2d.hpp"
#include "edvr/ops/resize_bilinear.hpp"
using namespace edvr;

namespace {
tensor<float, 4> map_of(index_t c, index_t h, index_t w, std::uint64_t seed) { return to_channels_last(normal<float>({1, c, h, w}, seed)); }
double bytes(index_t elements) { return 4.0 * static_cast<double>(elements); }

/// f(x) and what it is in float64: the same expression on doubles.
template <class F>
void add(std::string const& name, tensor<float, 4> const& x, double moved, cpu_executor const& ex, F f) {
  bench::add(
      name, {0, moved}, ex, [=] { return bench::difference(eval(f(x), ex), eval(cast<double>(f(eval(cast<double>(x)))))); },
      [=] { benchmark::DoNotOptimize(eval(f(x), ex)); });
}
}  // namespace

void add_other_ops(cpu_executor const& ex) {
  index_t const n = 64 * 180 * 320;
  auto const x = map_of(64, 180, 320, 1), quarter = map_of(64, 90, 160, 2);
  add("leaky_relu/64 x 180 x 320", x, bytes(2 * n), ex, [](auto const& v) { return leaky_relu(v, value_t<decltype(v)>(0.1)); });
  add("add/64 x 180 x 320", x, bytes(2 * n), ex, [](auto const& v) { return v + v; });
  add("sigmoid/64 x 180 x 320", x, bytes(2 * n), ex, [](auto const& v) { return sigmoid(v); });
  add("concat/64 + 64 x 180 x 320", x, bytes(3 * n), ex, [](auto const& v) { return concat(v, v); });
  add("upsample_bilinear/64 x 90 x 160 to x2", quarter, bytes(n + n / 4), ex, [](auto const& v) { return upsample_bilinear(v, 2); });
  add("max_pool2d/64 x 180 x 320 3x3 stride 2", x, bytes(n + n / 4), ex,
      [](auto const& v) { return max_pool2d(v, {.kernel_size = 3, .stride = 2, .padding = 1}); });
  add("avg_pool2d/64 x 180 x 320 3x3 stride 2", x, bytes(n + n / 4), ex,
      [](auto const& v) { return avg_pool2d(v, {.kernel_size = 3, .stride = 2, .padding = 1}); });
  add("temporal_attention/64 x 180 x 320", x, bytes(n), ex, [](auto const& v) { return temporal_attention(v, v); });
  add("pixel_shuffle/64 x 180 x 320", x, bytes(2 * n), ex, [](auto const& v) { return pixel_shuffle(v, 2); });
}
