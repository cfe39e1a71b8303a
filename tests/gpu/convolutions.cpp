// SPDX-License-Identifier: Apache-2.0
#include "gpu.hpp"
using namespace edvr;

TEST_CASE_TEMPLATE("gpu: conv2d agrees with the CPU's plain sum on every case and layout", T, float, double) {
  proves<T, gpu>({"conv2d"});
  for (auto const& c : cases::conv2d) {
    CAPTURE(c.h);
    CAPTURE(c.w);
    CAPTURE(c.k);
    auto const x = normal<T>({c.n, c.c, c.h, c.w}, 7), w = normal<T>({c.k, c.c / c.p.groups, c.r, c.s}, 8);
    auto const b = normal<T>({c.k}, 9);
    index_t const terms = c.c / c.p.groups * c.r * c.s;
    auto const want = eval(conv2d(x, w, b, c.p, algo::reference{}));
    auto const run = [&](auto in, auto algorithm) { return to<cpu>(eval(conv2d(in, to<gpu>(w), to<gpu>(b), c.p, algorithm))); };
    CHECK_CLOSE(run(to<gpu>(x), algo::automatic{}), want, terms);
    CHECK_CLOSE(run(to<gpu>(x), algo::reference{}), want, terms);
    CHECK_CLOSE(run(to<gpu>(to_channels_last(x)), algo::automatic{}), want, terms);
    CHECK_CLOSE(run(with_gaps_on_gpu(x), algo::automatic{}), want, terms);
    CHECK_CLOSE(to<cpu>(eval(conv2d(to<gpu>(x), with_gaps_on_gpu(w), with_gaps_on_gpu(b), c.p))), want, terms);
    CHECK_CLOSE(to<cpu>(eval(conv2d(to<gpu>(x), to<gpu>(w), c.p))), eval(conv2d(x, w, c.p, algo::reference{})), terms);
  }
}
TEST_CASE_TEMPLATE("gpu: what stands around a convolution is part of its store", T, float, double) {
  for (index_t c : {index_t{8}, index_t{5}}) {
    auto const x = normal<T>({2, c, 7, 9}, 1), w = normal<T>({4 * c, c, 3, 3}, 2), s = normal<T>({2, 4 * c, 7, 9}, 4);
    auto const b = normal<T>({4 * c}, 3);
    conv2d_params const p{.padding = 1};
    auto const f = [p](auto const& in, auto const& weight, auto const& bias, auto const& skip) {
      return skip + T(0.5) * leaky_relu(conv2d(in, weight, bias, p), T(0.1));
    };
    auto const want = eval(f(x, w, b, s));
    CHECK_CLOSE(on_gpu(f, x, w, b, s), want, 9 * c);
    CHECK_CLOSE(on_gpu(f, to_channels_last(x), w, b, to_channels_last(s)), want, 9 * c);
    CHECK_CLOSE(
        on_gpu([p](auto const& in, auto const& weight, auto const& bias, auto const& skip) { return skip + conv2d(in, weight, bias, p); },
               to_channels_last(x), w, b, to_channels_last(s)),
        eval(s + conv2d(x, w, b, p)), 9 * c);
    auto const before = device_memory.allocations.load();
    auto const y = eval(f(to<gpu>(x), to<gpu>(w), to<gpu>(b), to<gpu>(s)));
    // The operands, the result, and matrix, columns and products of a band: no other pass.
    CHECK(device_memory.allocations.load() - before == 4 + 1 + 3);
    auto const shuffled = [p](auto const& in, auto const& weight, auto const& bias) {
      return pixel_shuffle(relu(conv2d(concat(in, in), weight, bias, p)), 2);
    };
    auto const w2 = normal<T>({4 * c, 2 * c, 3, 3}, 5);
    CHECK_CLOSE(on_gpu(shuffled, x, w2, b), eval(shuffled(x, w2, b)), 18 * c);
    CHECK_CLOSE(on_gpu(shuffled, to_channels_last(x), w2, b), eval(shuffled(x, w2, b)), 18 * c);
  }
}
TEST_CASE_TEMPLATE("gpu: deform_conv2d agrees with the CPU's plain sum on every case, group number and layout", T, float, double) {
  proves<T, gpu>({"deform_conv2d"});
  for (auto const& c : cases::conv2d)
    for (index_t groups : {index_t{1}, index_t{2}, c.c}) {
      if (c.c == 0 || c.c % groups != 0) continue;
      CAPTURE(c.c);
      CAPTURE(groups);
      auto const x = normal<T>({c.n, c.c, c.h, c.w}, 7), w = normal<T>({c.k, c.c / c.p.groups, c.r, c.s}, 8);
      auto const b = normal<T>({c.k}, 9);
      auto const s = conv2d(x, w, b, c.p).shape();
      auto const offset = normal<T>({c.n, 2 * groups * c.r * c.s, s[2], s[3]}, 10, 0, 3),
                 mask = uniform<T>({c.n, groups * c.r * c.s, s[2], s[3]}, 11);
      index_t const terms = 4 * c.c * c.r * c.s;
      auto const want = eval(deform_conv2d(x, offset, sigmoid(mask), w, b, c.p, algo::reference{}));
      auto const run = [&](auto in, auto o, auto algorithm) {
        return to<cpu>(eval(deform_conv2d(in, o, sigmoid(to<gpu>(mask)), to<gpu>(w), to<gpu>(b), c.p, algorithm)));
      };
      CHECK_CLOSE(run(to<gpu>(x), to<gpu>(offset), algo::automatic{}), want, terms);
      CHECK_CLOSE(run(to<gpu>(x), to<gpu>(offset), algo::reference{}), want, terms);
      CHECK_CLOSE(run(to<gpu>(to_channels_last(x)), with_gaps_on_gpu(offset), algo::automatic{}), want, terms);
      CHECK_CLOSE(run(with_gaps_on_gpu(x), to<gpu>(to_channels_last(offset)), algo::automatic{}), want, terms);
    }
}
TEST_CASE_TEMPLATE("gpu: deform_conv2d with special offsets, masks and pixels", T, float, double) {
  T const nan = static_cast<T>(std::nan("")), inf = static_cast<T>(HUGE_VAL), h = 5, w = 6, ulp = std::numeric_limits<T>::epsilon();
  auto const x = normal<T>({1, 8, 5, 6}, 1), weight = normal<T>({8, 8, 1, 1}, 2);
  auto const bias = normal<T>({8}, 3);
  auto const run = [&](auto const& offset, auto const& mask) {
    return to<cpu>(eval(deform_conv2d(to<gpu>(x), to<gpu>(offset), to<gpu>(mask), to<gpu>(weight), to<gpu>(bias))));
  };
  for (T v : {nan, inf, -inf, T(1e30), T(-1e30), T(-1), -T(1) + ulp, h, h - 8 * ulp, w, w - 8 * ulp, T(-0.0),
              std::numeric_limits<T>::denorm_min(), T(9.2e18), T(-9.3e18)})
    for (int axis : {0, 1}) {
      CAPTURE(v);
      CAPTURE(axis);
      auto const offset = zeros<T>({1, 2, 5, 6}), mask = ones<T>({1, 1, 5, 6});
      offset(0, axis, 0, 0) = v;
      CHECK_CLOSE(run(offset, mask), eval(deform_conv2d(x, offset, mask, weight, bias, {}, algo::reference{})), 32);
    }
  auto const offset = zeros<T>({1, 2, 5, 6}), mask = ones<T>({1, 1, 5, 6});
  mask(0, 0, 2, 2) = nan;
  x(0, 1, 4, 4) = inf;
  auto const y = run(offset, mask);
  CHECK(std::isnan(y(0, 0, 2, 2)));
  CHECK(std::isfinite(y(0, 0, 2, 3)));
  CHECK_FALSE(std::isfinite(y(0, 0, 4, 4)));
  CHECK(std::isfinite(y(0, 0, 0, 0)));
}
TEST_CASE_TEMPLATE("gpu: conv2d and deform_conv2d of sixteen bits", T, float16, bfloat16) {
  proves<T, gpu>({"conv2d", "deform_conv2d"});
  auto const x = to<T>(normal<float>({1, 8, 5, 6}, 1)), w = to<T>(normal<float>({8, 8, 3, 3}, 2));
  auto const b = normal<float>({8}, 3);
  auto const offset = normal<float>({1, 18, 5, 6}, 4);
  conv2d_params const p{.padding = 1};
  CHECK_CLOSE(to<cpu>(eval(conv2d(to<gpu>(x), to<gpu>(w), to<gpu>(b), p))), eval(conv2d(x, w, b, p, algo::reference{})), 72);
  CHECK_CLOSE(to<cpu>(eval(deform_conv2d(to<gpu>(x), to<gpu>(offset), to<gpu>(w), to<gpu>(b), p))),
              eval(deform_conv2d(x, offset, w, b, p, algo::reference{})), 72);
}
