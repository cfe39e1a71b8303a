// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdlib>

#include "cases.hpp"
#include "support.hpp"
using namespace edvr;

namespace {
template <class T>
struct inputs {
  tensor<T, 4> x, w;
  tensor<T, 1> b;
  explicit inputs(cases::conv const& c)
      : x(normal<T>({c.n, c.c, c.h, c.w}, 7)), w(normal<T>({c.k, c.c / c.p.groups, c.r, c.s}, 8)), b(normal<T>({c.k}, 9)) {}
};
/// f(inputs, case, executor, terms of a sum) for every case on every instruction set.
template <class F>
void on_every_case(F const& f) {
  for (auto isa : supported_instruction_sets())
    for (auto const& c : cases::conv2d) {
      CAPTURE(name(isa));
      CAPTURE(c.h);
      CAPTURE(c.w);
      CAPTURE(c.k);
      f(inputs<float>(c), c, cpu_executor{.isa = isa}, c.c / c.p.groups * c.r * c.s);
    }
}
}  // namespace

TEST_CASE_TEMPLATE("conv2d: the plain functor is the sum written out", T, float, double) {
  for (auto const& c : cases::conv2d) {
    inputs<T> const in(c);
    auto const y = eval(conv2d(in.x, in.w, in.b, c.p, algo::reference{}));
    for (index_t n = 0; n < c.n; ++n)
      for (index_t k = 0; k < c.k; ++k)
        for (index_t h = 0; h < y.extent(2); ++h)
          for (index_t w = 0; w < y.extent(3); ++w) {
            double sum = static_cast<double>(in.b(k));
            index_t const per = c.c / c.p.groups, g = k / (c.k / c.p.groups);
            for (index_t a = 0; a < per; ++a)
              for (index_t i = 0; i < c.r; ++i)
                for (index_t j = 0; j < c.s; ++j) {
                  index_t const p = h * c.p.stride.y - c.p.padding.y + i * c.p.dilation.y,
                                q = w * c.p.stride.x - c.p.padding.x + j * c.p.dilation.x;
                  if (p >= 0 && p < c.h && q >= 0 && q < c.w)
                    sum += static_cast<double>(in.x(n, g * per + a, p, q)) * static_cast<double>(in.w(k, a, i, j));
                }
            if (std::fabs(sum - static_cast<double>(y(n, k, h, w))) > tolerance<T>(per * c.r * c.s) * (1 + std::fabs(sum)))
              FAIL_CHECK("wrong at " << h << ", " << w);
          }
  }
}
TEST_CASE_TEMPLATE("conv2d: im2col agrees with the reference on every case and layout", T, float, double) {
  proves<T>({"conv2d"});
  for (auto const& c : cases::conv2d) {
    CAPTURE(c.h);
    CAPTURE(c.w);
    inputs<T> const in(c);
    index_t const terms = c.c / c.p.groups * c.r * c.s;
    auto const want = eval(conv2d(in.x, in.w, in.b, c.p, algo::reference{}));
    CHECK_CLOSE(eval(conv2d(in.x, in.w, in.b, c.p, algo::im2col{})), want, terms);
    CHECK_CLOSE(eval(conv2d(to_channels_last(in.x), in.w, in.b, c.p)), want, terms);
    CHECK_CLOSE(eval(conv2d(with_gaps(in.x), with_gaps(in.w), with_gaps(in.b), c.p)), want, terms);
    CHECK_CLOSE(eval(conv2d(with_gaps(in.x), with_gaps(in.w), with_gaps(in.b), c.p, algo::reference{})), want, terms);
    CHECK_CLOSE(eval(conv2d(in.x, in.w, c.p) + reshape(in.b, {c.k, 1, 1})), want, terms);
    auto const row_major_result = empty<T>(want.shape());
    assign(row_major_result, conv2d(in.x, in.w, in.b, c.p));
    CHECK_CLOSE(row_major_result, want, terms);
  }
}
TEST_CASE("conv2d: direct and winograd agree with the reference in float64 on every case, layout and instruction set") {
  on_every_case([](inputs<float> const& in, cases::conv const& c, cpu_executor const& ex, index_t terms) {
    auto const want =
        eval(cast<float>(conv2d(eval(cast<double>(in.x)), eval(cast<double>(in.w)), eval(cast<double>(in.b)), c.p, algo::reference{})));
    auto const check = [&](auto algorithm, index_t slack) {
      CHECK_CLOSE(eval(conv2d(in.x, in.w, in.b, c.p, algorithm), ex), want, slack * terms);
      CHECK_CLOSE(eval(conv2d(to_channels_last(in.x), in.w, in.b, c.p, algorithm), ex), want, slack * terms);
      CHECK_CLOSE(eval(conv2d(with_gaps(in.x), with_gaps(in.w), with_gaps(in.b), c.p, algorithm), ex), want, slack * terms);
      CHECK_CLOSE(eval(conv2d(in.x, in.w, c.p, algorithm) + reshape(in.b, {c.k, 1, 1}), ex), want, slack * terms);
      CHECK_CLOSE(eval(relu(conv2d(to_channels_last(in.x), in.w, in.b, c.p, algorithm)), ex), eval(relu(want)), slack * terms);
      auto const row_major_result = empty<float>(want.shape());
      assign(row_major_result, conv2d(in.x, in.w, in.b, c.p, algorithm), ex);
      CHECK_CLOSE(row_major_result, want, slack * terms);
      if (c.c % 2 == 0 && c.c > 0 && c.p.groups == 1)
        CHECK_CLOSE(eval(conv2d(concat(slice(in.x, 1, 0, c.c / 2), slice(in.x, 1, c.c / 2, c.c)), in.w, in.b, c.p, algorithm), ex), want,
                    slack * terms);
    };
    check(algo::direct{}, 1);
    if (detail::winograd_can(in.w.shape(), c.p)) check(algo::winograd{}, 8);
  });
}
TEST_CASE("conv2d: winograd's error is what docs/numerics.md says, on maps as deep as EDVR's") {
  for (index_t c : {64, 128}) {
    auto const x = normal<float>({1, c, 30, 26}, 1), w = normal<float>({c, c, 3, 3}, 2, 0, std::sqrt(1.0 / static_cast<double>(9 * c)));
    auto const exact = eval(conv2d(eval(cast<double>(x)), eval(cast<double>(w)), {.padding = 1}));
    double const largest = eval(max(abs(exact)))();
    for (auto isa : supported_instruction_sets()) {
      auto const error = [&](auto const& y) { return static_cast<double>(eval(max(abs(cast<double>(y) - exact)))()); };
      double const by_winograd = error(eval(conv2d(x, w, {.padding = 1}), cpu_executor{.isa = isa}));
      CHECK(by_winograd < 4e-6 * largest);
      CHECK(by_winograd > error(eval(conv2d(x, w, {.padding = 1}, algo::direct{}), cpu_executor{.isa = isa})));  // or winograd did not run
    }
  }
}
TEST_CASE(
    "conv2d of bfloat16: direct is the reference but for the order of sums, winograd near it, on every case, layout and instruction set") {
  on_every_case([](inputs<float> const& in, cases::conv const& c, cpu_executor const& ex, index_t terms) {
    auto const x = to<bfloat16>(in.x), w = to<bfloat16>(in.w);
    auto const want = eval(conv2d(x, w, in.b, c.p, algo::reference{}));
    CHECK_CLOSE(eval(conv2d(to<float>(x), to<float>(w), in.b, c.p, algo::reference{})), want, terms);
    CHECK_CLOSE(eval(conv2d(in.x, w, in.b, c.p, algo::reference{})), want, 0);  // x is rounded on the way
    auto const near = [&](auto const& y, auto const& expected) {
      if (y.size() > 0) CHECK(eval(max(abs(y - expected)))() <= 0.03 * eval(max(abs(expected)))());
    };
    auto const check = [&](auto algorithm, auto const& close) {
      close(eval(conv2d(x, w, in.b, c.p, algorithm), ex), want);
      close(eval(conv2d(in.x, w, in.b, c.p, algorithm), ex), want);
      close(eval(conv2d(to_channels_last(x), w, in.b, c.p, algorithm), ex), want);
      close(eval(conv2d(with_gaps(x), with_gaps(w), with_gaps(in.b), c.p, algorithm), ex), want);
      close(eval(relu(conv2d(to_channels_last(x), w, c.p, algorithm) + reshape(in.b, {c.k, 1, 1})), ex), eval(relu(want)));
      near(eval(to<float>(eval<bfloat16>(conv2d(x, w, in.b, c.p, algorithm), ex))), want);
      if (c.c % 2 == 0 && c.c > 0 && c.p.groups == 1)
        close(eval(conv2d(concat(slice(x, 1, 0, c.c / 2), slice(x, 1, c.c / 2, c.c)), w, in.b, c.p, algorithm), ex), want);
    };
    check(algo::direct{}, [&](auto const& y, auto const& expected) { CHECK_CLOSE(y, expected, terms); });
    if (detail::winograd_can(in.w.shape(), c.p)) check(algo::winograd{}, near);
  });
}
TEST_CASE(
    "conv2d of bfloat16: errors are what docs/numerics.md says, on maps as deep as EDVR's, and an inner result is stored in 16 bits") {
  auto const x = normal<float>({1, 64, 30, 26}, 1), w = normal<float>({64, 64, 3, 3}, 2, 0, std::sqrt(1.0 / 576));
  auto const exact = eval(conv2d(eval(cast<double>(x)), eval(cast<double>(w)), {.padding = 1}));
  for (auto isa : supported_instruction_sets()) {
    cpu_executor const ex{.isa = isa};
    auto const error = [&](auto const& y) { return eval(max(abs(cast<double>(y) - exact)))() / eval(max(abs(exact)))(); };
    auto const xb = to<bfloat16>(x), wb = to<bfloat16>(w);
    double const direct = error(eval(conv2d(xb, wb, {.padding = 1}, algo::direct{}), ex)),
                 winograd = error(eval(conv2d(xb, wb, {.padding = 1}), ex));
    CHECK(direct > 1e-4);  // or nothing was rounded
    CHECK(direct < 3e-3);
    CHECK(winograd > direct);
    CHECK(winograd < 0.02);
    auto const before = host_memory.bytes.load();
    host_memory.peak_bytes = before;
    auto const y = eval<bfloat16>(conv2d(relu(conv2d(xb, wb, {.padding = 1})), wb, {.padding = 1}), ex);
    // Two maps of 16 bits and the packed weights, and no map of 32.
    CHECK(host_memory.peak_bytes.load() - before < 2 * y.size() * 2 + 36 * 64 * 64 * 2 + 20'000);
  }
}
TEST_CASE(
    "conv2d of float16: what it is of the same numbers as floats, on every case, layout and instruction set; stored, it is rounded once") {
  on_every_case([](inputs<float> const& in, cases::conv const& c, cpu_executor const& ex, index_t terms) {
    auto const x = to<float16>(in.x), w = to<float16>(in.w);
    auto const as_float = [&](auto algorithm) { return eval(conv2d(to<float>(x), to<float>(w), in.b, c.p, algorithm), ex); };
    CHECK_CLOSE(eval(conv2d(x, w, in.b, c.p, algo::reference{}), ex), as_float(algo::reference{}), 0);
    auto const check = [&](auto algorithm) {
      auto const want = as_float(algorithm);
      CHECK_CLOSE(eval(conv2d(x, w, in.b, c.p, algorithm), ex), want, 0);
      CHECK_CLOSE(eval(conv2d(to_channels_last(x), w, in.b, c.p, algorithm), ex), want, terms);
      CHECK_CLOSE(eval(conv2d(with_gaps(x), with_gaps(w), with_gaps(in.b), c.p, algorithm), ex), want, terms);
      // x stays as it is.
      CHECK_CLOSE(eval(conv2d(in.x, w, in.b, c.p, algorithm), ex), eval(conv2d(in.x, to<float>(w), in.b, c.p, algorithm), ex), 0);
      // But what is evaluated for it is stored as the weights are.
      CHECK_CLOSE(eval(conv2d(in.x * 1.f, w, in.b, c.p, algorithm), ex), want, terms);
      CHECK_CLOSE(eval(to<float>(eval<float16>(relu(conv2d(x, w, in.b, c.p, algorithm)), ex))), eval(to<float>(eval<float16>(relu(want)))),
                  0);
    };
    check(algo::direct{});
    if (detail::winograd_can(in.w.shape(), c.p)) check(algo::winograd{});
  });
  auto const x = to<float16>(normal<float>({1, 64, 30, 26}, 1)), w = to<float16>(normal<float>({64, 64, 3, 3}, 2, 0, std::sqrt(1.0 / 576)));
  auto const before = host_memory.bytes.load();
  host_memory.peak_bytes = before;
  auto const y = eval<float16>(conv2d(relu(conv2d(x, w, {.padding = 1})), w, {.padding = 1}));
  // Two maps of 16 bits and the packed weights, and no map of 32.
  CHECK(host_memory.peak_bytes.load() - before < 2 * y.size() * 2 + 36 * 64 * 64 * 4 + 20'000);
}
TEST_CASE("conv2d of bfloat16: NaN and infinity reach the window or tile and no further") {
  for (float bad : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
    auto const x = ones<float>({1, 16, 16, 16});
    x(0, 5, 9, 9) = bad;
    auto const xb = to<bfloat16>(x), w = to<bfloat16>(ones<float>({16, 16, 3, 3}));
    for (auto isa : supported_instruction_sets()) {
      auto const direct = eval(conv2d(xb, w, {.padding = 1}, algo::direct{}), cpu_executor{.isa = isa}),
                 winograd = eval(conv2d(xb, w, {.padding = 1}), cpu_executor{.isa = isa});
      for (index_t h = 0; h < 16; ++h)
        for (index_t v = 0; v < 16; ++v) {
          bool const near = std::abs(h - 9) <= 1 && std::abs(v - 9) <= 1, far = h < 4 || v < 4 || h >= 12 || v >= 12;
          float const plain = 16.f * (h == 0 || h == 15 ? 2 : 3) * (v == 0 || v == 15 ? 2 : 3);
          CHECK((direct(0, 2, h, v) == plain) == !near);
          if (near) CHECK(!std::isfinite(winograd(0, 2, h, v)));
          if (far) CHECK(std::fabs(winograd(0, 2, h, v) - plain) < 0.03f * plain);
        }
    }
  }
}
TEST_CASE("conv2d and deform_conv2d read channels at any address: slices of a wider map") {
  auto const check = [](auto const& wide, auto const& w) {
    auto const x = contiguous(wide);
    for (auto isa : supported_instruction_sets())
      for (index_t first : {0, 1, 3, 4, 8}) {
        CAPTURE(name(isa));
        CAPTURE(first);
        cpu_executor const ex{.isa = isa};
        auto const part = slice(wide, 1, first, first + 16), same = contiguous(slice(x, 1, first, first + 16));
        auto const offset = normal<float>({1, 18, 16, 16}, 3);
        CHECK(allclose(eval(conv2d(part, w, {.padding = 1}), ex), eval(conv2d(same, w, {.padding = 1}), ex), 0, 0));
        CHECK(allclose(eval(conv2d(part, w, {.padding = 1}, algo::direct{}), ex), eval(conv2d(same, w, {.padding = 1}, algo::direct{}), ex),
                       0, 0));
        CHECK(allclose(eval(deform_conv2d(part, offset, w, {}, {.padding = 1}), ex),
                       eval(deform_conv2d(same, offset, w, {}, {.padding = 1}), ex), 0, 0));
      }
  };
  auto const wide = to_channels_last(normal<float>({1, 24, 16, 16}, 1)), w = normal<float>({16, 16, 3, 3}, 2);
  check(wide, w);
  check(to<bfloat16>(wide), to<bfloat16>(w));
}
TEST_CASE("what is evaluated for a convolution keeps the type of its values until they are cast") {
  auto const xd = normal<double>({1, 4, 8, 8}, 1), wd = normal<double>({16, 4, 3, 3}, 2);
  auto const w = normal<float>({16, 16, 3, 3}, 3);
  auto const inner = eval(cast<float>(slice(eval(conv2d(xd, wd, {.padding = 1})), 2, 0, 4)));
  CHECK(allclose(eval(conv2d(cast<float>(slice(conv2d(xd, wd, {.padding = 1}), 2, 0, 4)), w, {.padding = 1})),
                 eval(conv2d(inner, w, {.padding = 1})), 0, 0));
  auto const counts = full<std::int64_t>({1, 16, 3, 8, 8}, 1001);
  auto counted = conv2d(cast<float>(slice(sum(counts, {2}), 2, 0, 4)) - 3000.f, to<bfloat16>(w), {.padding = 1});
  CHECK(allclose(eval(std::move(counted)), eval(conv2d(full<float>({1, 16, 4, 8}, 3.f), to<bfloat16>(w), {.padding = 1})), 0, 0));
}
TEST_CASE("conv2d through pixel_shuffle stores every result where it belongs, and makes no tensor in between") {
  for (auto isa : supported_instruction_sets())
    for (index_t r : {1, 2, 3})
      for (index_t k : {2, 16, 32}) {
        CAPTURE(r);
        CAPTURE(k);
        cpu_executor const ex{.isa = isa};
        auto const x = to_channels_last(normal<float>({2, 16, 6, 9}, 1)), w = normal<float>({k * r * r, 16, 3, 3}, 2);
        auto const b = normal<float>({k * r * r}, 3);
        auto const y = eval(leaky_relu(conv2d(x, w, b, {.padding = 1}), 0.1f), ex);
        auto const want = eval(pixel_shuffle(y, r), ex);
        auto const before = host_memory.allocations.load();
        auto const got = eval(pixel_shuffle(leaky_relu(conv2d(x, w, b, {.padding = 1}), 0.1f), r), ex);
        CHECK(host_memory.allocations.load() - before == 1);  // the result
        CHECK(allclose(got, want, 0, 0));
        // An epilogue that looks at positions.
        CHECK(allclose(eval(pixel_shuffle(y + conv2d(x, w, b, {.padding = 1}), r), ex),
                       eval(pixel_shuffle(eval(y + conv2d(x, w, b, {.padding = 1}), ex), r), ex), 0, 0));
        auto const row_major_result = empty<float>(want.shape());
        assign(row_major_result, pixel_shuffle(leaky_relu(conv2d(x, w, b, {.padding = 1}, algo::reference{}), 0.1f), r), ex);
        CHECK(allclose(row_major_result, want, 1e-4, 1e-4));
      }
}
TEST_CASE("nn::conv2d finds packed weights again, and packs anew for a new tensor, another instruction set or another use") {
  nn::conv2d<float> m(16, 64, 3);
  auto const x = to_channels_last(normal<float>({1, 16, 8, 8}, 1));
  m.weight = normal<float>({64, 16, 3, 3}, 2), m.bias = zeros<float>({64});
  auto const same = [&](cpu_executor const& ex) {
    return allclose(eval(m(x), ex), eval(conv2d(x, m.weight, m.bias, m.p), ex), 0, 0) &&
           allclose(eval(pixel_shuffle(m(x), 2), ex), eval(pixel_shuffle(conv2d(x, m.weight, m.bias, m.p), 2), ex), 0, 0);
  };
  CHECK(same({}));
  CHECK(same({}));
  for (auto isa : supported_instruction_sets()) CHECK(same({.isa = isa}));
  m.weight = normal<float>({64, 16, 3, 3}, 4);
  CHECK(same({}));
  auto const before = host_memory.allocations.load();
  for (int i = 0; i < 5; ++i) eval(m(x));
  CHECK(host_memory.allocations.load() - before == 5);  // the results; packed weights are not tensors
}
TEST_CASE_TEMPLATE("conv2d: NaN and infinity spread to the window and no further, in both algorithms", T, float, double) {
  auto const x = ones<T>({1, 2, 7, 7}), w = ones<T>({3, 2, 3, 3});
  x(0, 1, 3, 3) = static_cast<T>(std::nan(""));
  x(0, 0, 0, 6) = static_cast<T>(HUGE_VAL);
  auto const check = [](auto const& y) {
    for (index_t h = 0; h < 7; ++h)
      for (index_t v = 0; v < 7; ++v) {
        bool const near = std::abs(h - 3) <= 1 && std::abs(v - 3) <= 1, corner = h <= 1 && v >= 5;
        CHECK(std::isnan(y(0, 2, h, v)) == near);
        CHECK(std::isinf(y(0, 2, h, v)) == corner);
      }
  };
  check(eval(conv2d(x, w, {.padding = 1}, algo::reference{})));
  check(eval(conv2d(x, w, {.padding = 1}, algo::im2col{})));
  if constexpr (std::is_same_v<T, float>)
    for (auto isa : supported_instruction_sets()) check(eval(conv2d(x, w, {.padding = 1}, algo::direct{}), cpu_executor{.isa = isa}));
}
TEST_CASE("conv2d by winograd: a NaN or an infinity reaches the tiles that read it, and no other") {
  auto const x = ones<float>({1, 16, 16, 16}), w = ones<float>({16, 16, 3, 3});
  for (float bad : {std::nanf(""), HUGE_VALF, -HUGE_VALF, 3e38f})
    for (index_t p = 7; p <= 12; ++p) {
      x(0, 5, p, 9) = bad;
      for (auto isa : supported_instruction_sets()) {
        auto const y = eval(conv2d(x, w, {.padding = 1}), cpu_executor{.isa = isa});
        // Does the tile of result `from` read `at`?
        auto const reads = [](index_t at, index_t from) { return at >= from / 4 * 4 - 1 && at <= from / 4 * 4 + 4; };
        for (index_t h = 0; h < 16; ++h)
          for (index_t v = 0; v < 16; ++v) {
            CAPTURE(p);
            CAPTURE(h);
            CAPTURE(v);
            if (std::abs(h - p) <= 1 && std::abs(v - 9) <= 1)
              CHECK(!(std::fabs(y(0, 2, h, v)) < 1e30f));
            else if (!reads(p, h) || !reads(9, v))
              CHECK(std::fabs(y(0, 2, h, v) - 16.f * (h == 0 || h == 15 ? 2 : 3) * (v == 0 || v == 15 ? 2 : 3)) < 1e-3f);
          }
      }
      x(0, 5, p, 9) = 1;
    }
}
TEST_CASE("conv2d: an infinite weight beside padding is left out by the plain sum, and multiplied with its zeros by the others") {
  auto const x = ones<float>({1, 16, 6, 6}), w = ones<float>({16, 16, 3, 3});
  w(0, 0, 0, 0) = HUGE_VALF;
  CHECK(std::isfinite(eval(conv2d(x, w, {.padding = 1}, algo::reference{}))(0, 0, 0, 0)));
  CHECK(std::isnan(eval(conv2d(x, w, {.padding = 1}, algo::im2col{}))(0, 0, 0, 0)));
  for (auto isa : supported_instruction_sets())
    CHECK(std::isnan(eval(conv2d(x, w, {.padding = 1}, algo::direct{}), cpu_executor{.isa = isa})(0, 0, 0, 0)));
}
#ifdef __x86_64__
TEST_CASE("subnormal numbers are zero in the fast convolutions of float, and nowhere else") {
  auto const x = full<float>({1, 16, 8, 8}, 1e-40f), w = ones<float>({16, 16, 3, 3});
  for (auto isa : supported_instruction_sets()) {
    cpu_executor const ex{.isa = isa};
    CHECK(eval(conv2d(x, w, {.padding = 1}, algo::direct{}), ex)(0, 0, 4, 4) == 0);
    CHECK(eval(conv2d(x, w, {.padding = 1}, algo::winograd{}), ex)(0, 0, 4, 4) == 0);
    CHECK(eval(conv2d(x, w, {.padding = 1}, algo::reference{}), ex)(0, 0, 4, 4) > 0);
    CHECK(eval(x * 1.f, ex)(0, 0, 4, 4) > 0);  // nothing stays switched
  }
}
#endif
TEST_CASE("conv2d: an integer-valued problem is exact, also in float") {
  auto const x = eval(cast<float>(cast<int>(4.f * normal<float>({2, 32, 15, 14}, 1)))),
             w = eval(cast<float>(cast<int>(3.f * normal<float>({48, 32, 3, 3}, 2))));
  for (auto isa : supported_instruction_sets())
    CHECK(allclose(eval(conv2d(x, w, {.padding = 1}, algo::direct{}), cpu_executor{.isa = isa}),
                   eval(conv2d(x, w, {.padding = 1}, algo::reference{})), 0, 0));
}
namespace {
/// A scalar of a user's own: exact products and sums of small integers, nothing else.
struct counted {
  long v;
  counted() = default;
  explicit counted(int i) : v(i) {}
  friend counted operator+(counted a, counted b) { return counted(static_cast<int>(a.v + b.v)); }
  friend counted operator*(counted a, counted b) { return counted(static_cast<int>(a.v * b.v)); }
  counted& operator+=(counted b) { return v += b.v, *this; }
};
}  // namespace
TEST_CASE("conv2d and matmul take any scalar with the usual operators") {
  auto const x = full<counted>({1, 2, 4, 4}, counted(2)), w = full<counted>({3, 2, 3, 3}, counted(5));
  CHECK(eval(conv2d(x, w))(0, 2, 1, 1).v == 2 * 5 * 18);
  CHECK(eval(conv2d(x, w, conv2d_params{}, algo::im2col{}))(0, 2, 1, 1).v == 2 * 5 * 18);
  CHECK(eval(matmul(full<counted>({2, 3}, counted(2)), full<counted>({3, 2}, counted(4))))(1, 1).v == 24);
  auto const l = normal<long double>({1, 3, 5, 5}, 1), k = normal<long double>({2, 3, 3, 3}, 2);
  CHECK(std::fabs(static_cast<double>(eval(conv2d(l, k))(0, 1, 2, 2)) -
                  eval(conv2d(normal<double>({1, 3, 5, 5}, 1), normal<double>({2, 3, 3, 3}, 2)))(0, 1, 2, 2)) < 1e-13);
}
TEST_CASE("conv2d: winograd refuses what it cannot do") {
  constexpr auto usual = [](index_t out, index_t in, conv2d_params p = {}) {
    return choose_conv2d<algo::automatic, float, cpu>(coord<4>{{out, in, 3, 3}}, p);
  };
  static_assert(usual(16, 16) == algorithm::winograd && usual(16, 15) == algorithm::direct && usual(15, 16) == algorithm::direct);
  for (conv2d_params p : {conv2d_params{.stride = {1, 2}}, {.stride = {2, 1}}, {.dilation = {1, 2}}, {.dilation = {2, 1}}, {.groups = 2}})
    CHECK(usual(16, 16, p) == algorithm::direct);
  auto const x = zeros<float>({1, 16, 8, 8});
  CHECK_THROWS_SAYING(shape_error, "algo::winograd for a weight of shape (16, 16, 1, 1); expected a 3x3 window with stride 1",
                      conv2d(x, zeros<float>({16, 16, 1, 1}), {}, algo::winograd{}));
  CHECK_THROWS_SAYING(shape_error, "algo::winograd", conv2d(x, zeros<float>({16, 16, 3, 3}), {.stride = 2}, algo::winograd{}));
}
TEST_CASE("conv2d: refusals name the argument, what it has and what is expected") {
  auto const x = zeros<float>({1, 64, 8, 8}), w = zeros<float>({64, 32, 3, 3});
  CHECK_THROWS_SAYING(shape_error,
                      "conv2d: weight has shape (64, 32, 3, 3); expected (k, 64, r, s), because x has 64 channels and groups = 1",
                      conv2d(x, w));
  CHECK_THROWS_SAYING(shape_error, "bias has 3 elements; expected 64", conv2d(x, zeros<float>({64, 64, 3, 3}), zeros<float>({3})));
  auto b = zeros<float>({64});
  CHECK(conv2d(x, w, std::move(b), {.groups = 2}).shape()[1] == 64);
  CHECK_THROWS_SAYING(error, "it was moved away", conv2d(x, w, b, {.groups = 2}));
  CHECK_THROWS_SAYING(shape_error, "groups = 5; expected a positive divisor", conv2d(x, w, {.groups = 5}));
  CHECK_THROWS_SAYING(shape_error, "groups = 0", conv2d(x, w, {.groups = 0}));
  CHECK_THROWS_SAYING(shape_error, "stride 0", conv2d(x, w, {.stride = 0, .groups = 2}));
  CHECK_THROWS_SAYING(shape_error, "dilation 0", conv2d(x, w, {.dilation = 0, .groups = 2}));
  CHECK_THROWS_SAYING(shape_error, "padding -1", conv2d(x, w, {.padding = -1, .groups = 2}));
  CHECK_THROWS_SAYING(shape_error, "window reaches over 9 elements (vertical), the padded input has 8",
                      conv2d(x, zeros<float>({1, 64, 9, 1})));
  CHECK_THROWS_SAYING(shape_error, "window of 0 taps", conv2d(x, zeros<float>({1, 64, 0, 1})));
}
TEST_CASE("assign through pixel_shuffle refuses what would read its destination") {
  auto const y = to_channels_last(normal<float>({1, 16, 8, 8}, 1)), w = normal<float>({16, 16, 3, 3}, 2),
             wide = normal<float>({64, 16, 3, 3}, 3);
  conv2d_params const p{.padding = 1};
  CHECK_THROWS_AS(assign(y, pixel_shuffle(relu(conv2d(y, w, p)), 1)), alias_error);
  auto const buffer = empty<float>({1, 16, 20, 16});
  CHECK_THROWS_AS(assign(slice(buffer, 2, 0, 16), pixel_shuffle(conv2d(slice(slice(buffer, 2, 4, 12), 3, 0, 8), wide, p), 2)), alias_error);
  auto const t = slice(slice(buffer, 2, 12, 20), 3, 0, 8);
  CHECK_THROWS_AS(assign(slice(buffer, 2, 0, 16), pixel_shuffle(conv2d(y, wide, p) + concat(concat(t, t), concat(t, t)), 2)), alias_error);
  assign(slice(buffer, 2, 0, 16), pixel_shuffle(conv2d(y, wide, p), 2));
}
TEST_CASE("nn::conv2d does not mistake other weights for the ones it packed") {
  nn::conv2d<float> m(8, 48, 3);
  auto const x = to_channels_last(normal<float>({1, 8, 6, 6}, 1)), x2 = to_channels_last(normal<float>({1, 16, 6, 6}, 1));
  m.weight = normal<float>({48, 8, 3, 3}, 2), m.bias = zeros<float>({48});
  CHECK(allclose(eval(m(x)), eval(conv2d(x, m.weight, m.bias, m.p)), 0, 0));
  auto two = m;  // shares what is packed
  two.p.groups = 2;
  CHECK(allclose(eval(two(x2)), eval(conv2d(x2, m.weight, m.bias, two.p)), 0, 0));
  CHECK(allclose(eval(m(x)), eval(conv2d(x, m.weight, m.bias, m.p)), 0, 0));
  std::vector<float> memory(48 * 8 * 9, 1.f);  // borrowed weights may change between calls
  m.weight = borrow(memory.data(), coord<4>{{48, 8, 3, 3}});
  auto const before = eval(m(x));
  for (auto& v : memory) v = 2.f;
  CHECK_CLOSE(eval(m(x)), eval(before * 2.f), 72);
}
