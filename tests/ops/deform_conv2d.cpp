// SPDX-License-Identifier: Apache-2.0
#include "cases.hpp"
#include "support.hpp"
using namespace edvr;

namespace {
template <class T>
struct inputs {
  tensor<T, 4> x, w, offset, mask;
  tensor<T, 1> b;
  inputs(cases::conv const& c, index_t groups, double reach)
      : x(normal<T>({c.n, c.c, c.h, c.w}, 7)), w(normal<T>({c.k, c.c / c.p.groups, c.r, c.s}, 8)), b(normal<T>({c.k}, 9)) {
    auto const y = edvr::conv2d(x, w, b, c.p).shape();
    offset = normal<T>({c.n, 2 * groups * c.r * c.s, y[2], y[3]}, 10, 0, reach);
    mask = uniform<T>({c.n, groups * c.r * c.s, y[2], y[3]}, 11);
  }
};
}  // namespace

TEST_CASE_TEMPLATE("deform_conv2d with zero offsets and unit masks is conv2d", T, float, double) {
  for (auto const& c : cases::conv2d) {
    if (c.c == 0) continue;  // no channels, no deformable groups
    inputs<T> const in(c, 1, 0);
    auto const want = eval(conv2d(in.x, in.w, in.b, c.p));
    CHECK_CLOSE(eval(deform_conv2d(in.x, in.offset, in.w, in.b, c.p)), want, c.c * c.r * c.s);
    CHECK_CLOSE(eval(deform_conv2d(in.x, in.offset, in.w, in.b, c.p, algo::reference{})), want, c.c * c.r * c.s);
  }
}
TEST_CASE_TEMPLATE("deform_conv2d: im2col and direct agree with the reference on every case, group number and layout", T, float, double) {
  proves<T>({"deform_conv2d"});
  for (auto const& c : cases::conv2d)
    for (index_t groups : {index_t{1}, index_t{2}, c.c}) {
      if (c.c == 0 || c.c % groups != 0 || (sanitized && groups == 2)) continue;
      CAPTURE(c.c);
      CAPTURE(groups);
      index_t const terms = 4 * c.c * c.r * c.s;
      inputs<T> const in(c, groups, 3);
      auto const want = eval(deform_conv2d(in.x, in.offset, in.mask, in.w, in.b, c.p, algo::reference{}));
      CHECK_CLOSE(eval(deform_conv2d(in.x, in.offset, in.mask, in.w, in.b, c.p, algo::im2col{})), want, terms);
      if constexpr (std::is_same_v<T, float>) {
        auto const gated = eval(relu(deform_conv2d(in.x, in.offset, sigmoid(in.mask), in.w, in.b, c.p, algo::reference{})));
        for (auto isa : supported_instruction_sets()) {
          CAPTURE(name(isa));
          cpu_executor const ex{.isa = isa};
          CHECK_CLOSE(eval(deform_conv2d(in.x, in.offset, in.mask, in.w, in.b, c.p, algo::direct{}), ex), want, terms);
          CHECK_CLOSE(eval(relu(deform_conv2d(to_channels_last(in.x), to_channels_last(in.offset), sigmoid(in.mask), in.w, in.b, c.p,
                                              algo::direct{})),
                           ex),
                      gated, terms);
        }
      }
      CHECK_CLOSE(eval(deform_conv2d(to_channels_last(in.x), with_gaps(in.offset), to_channels_last(in.mask), in.w, in.b, c.p)), want,
                  terms);
      CHECK_CLOSE(eval(deform_conv2d(with_gaps(in.x), in.offset, with_gaps(in.mask), with_gaps(in.w), with_gaps(in.b), c.p)), want, terms);
    }
}
TEST_CASE(
    "deform_conv2d of bfloat16 is near the reference on every case, group number, layout and instruction set; without offsets it is conv2d") {
  for (auto const& c : cases::conv2d)
    for (index_t groups : {index_t{1}, index_t{2}, c.c}) {
      if (c.c == 0 || c.c % groups != 0 || (sanitized && groups == 2)) continue;
      CAPTURE(c.c);
      CAPTURE(groups);
      inputs<float> const in(c, groups, 3);
      auto const x = to<bfloat16>(in.x), w = to<bfloat16>(in.w);
      auto const want = eval(deform_conv2d(to<float>(x), in.offset, in.mask, to<float>(w), in.b, c.p, algo::reference{}));
      auto const none = eval(0.f * in.offset);
      // Each sample is rounded by 2^-9 of itself at most; so is a result that is stored in 16 bits.
      auto const terms = eval(
          deform_conv2d(eval(abs(to<float>(x))), in.offset, in.mask, eval(abs(to<float>(w))), eval(abs(in.b)), c.p, algo::reference{}));
      auto const near = [&](auto const& y) {
        if (y.size() > 0) CHECK(eval(max(abs(y - want) - 0.005f * terms))() <= 1e-6f);
      };
      near(eval(deform_conv2d(x, in.offset, in.mask, w, in.b, c.p, algo::reference{})));
      auto const undeformed = eval(conv2d(x, w, in.b, c.p, algo::reference{}));
      for (auto isa : supported_instruction_sets()) {
        CAPTURE(name(isa));
        cpu_executor const ex{.isa = isa};
        near(eval(deform_conv2d(x, in.offset, in.mask, w, in.b, c.p), ex));
        near(eval(deform_conv2d(in.x, in.offset, in.mask, w, in.b, c.p), ex));
        near(eval(deform_conv2d(to_channels_last(x), with_gaps(in.offset), to_channels_last(in.mask), with_gaps(w), in.b, c.p), ex));
        near(eval(to<float>(eval<bfloat16>(deform_conv2d(with_gaps(x), in.offset, in.mask, w, in.b, c.p), ex))));
        CHECK_CLOSE(eval(deform_conv2d(x, none, w, in.b, c.p), ex), undeformed, c.c * c.r * c.s);
      }
    }
}
TEST_CASE("deform_conv2d of float16 is that of the same numbers as floats, on every case, group number, layout and instruction set") {
  for (auto const& c : cases::conv2d)
    for (index_t groups : {index_t{1}, index_t{2}, c.c}) {
      if (c.c == 0 || c.c % groups != 0 || (sanitized && groups == 2)) continue;
      CAPTURE(c.c);
      CAPTURE(groups);
      inputs<float> const in(c, groups, 3);
      auto const x = to<float16>(in.x), w = to<float16>(in.w);
      index_t const terms = 4 * c.c * c.r * c.s;
      CHECK_CLOSE(eval(deform_conv2d(x, in.offset, in.mask, w, in.b, c.p, algo::reference{})),
                  eval(deform_conv2d(to<float>(x), in.offset, in.mask, to<float>(w), in.b, c.p, algo::reference{})), 0);
      for (auto isa : supported_instruction_sets()) {
        cpu_executor const ex{.isa = isa};
        auto const want = eval(deform_conv2d(to<float>(x), in.offset, in.mask, to<float>(w), in.b, c.p), ex);
        CHECK_CLOSE(eval(deform_conv2d(x, in.offset, in.mask, w, in.b, c.p), ex), want, 0);
        CHECK_CLOSE(eval(deform_conv2d(to_channels_last(x), with_gaps(in.offset), to_channels_last(in.mask), with_gaps(w), in.b, c.p), ex),
                    want, terms);
        CHECK_CLOSE(eval(deform_conv2d(relu(x), in.offset, in.mask, w, in.b, c.p), ex),
                    eval(deform_conv2d(eval(relu(to<float>(x))), in.offset, in.mask, to<float>(w), in.b, c.p), ex), terms);
      }
    }
}
TEST_CASE("deform_conv2d of bfloat16: special offsets and masks") {
  auto const x = to<bfloat16>(normal<float>({1, 8, 5, 6}, 1)), w = to<bfloat16>(normal<float>({8, 8, 1, 1}, 2));
  auto const bias = normal<float>({8}, 3);
  for (float v : {std::nanf(""), HUGE_VALF, -HUGE_VALF, 1e30f, -1e30f, -1.f, 6.f, 9.2e18f})
    for (int axis : {0, 1})
      for (auto isa : supported_instruction_sets()) {
        auto const offset = zeros<float>({1, 2, 5, 6});
        offset(0, axis, 0, 0) = v;
        auto const y = eval(deform_conv2d(x, offset, w, bias, {}), cpu_executor{.isa = isa});
        CHECK(y(0, 3, 0, 0) == bias(3));
        CHECK(std::isfinite(y(0, 0, 4, 5)));
        auto const mask = ones<float>({1, 1, 5, 6});
        mask(0, 0, 2, 2) = std::nanf("");
        auto const masked = eval(deform_conv2d(x, offset, mask, w, bias, {}), cpu_executor{.isa = isa});
        CHECK(std::isnan(masked(0, 1, 2, 2)));
        CHECK(std::isfinite(masked(0, 1, 2, 3)));
      }
}
TEST_CASE_TEMPLATE("deform_conv2d: an integer shift is the shifted picture", T, float, double) {
  auto const x = normal<T>({1, 4, 9, 8}, 1), w = zeros<T>({4, 4, 1, 1});
  for (index_t i = 0; i < 4; ++i) w(i, i, 0, 0) = 1;
  auto const offset = zeros<T>({1, 2, 9, 8});
  assign(slice(offset, 1, 0, 1), full<T>({1, 1, 9, 8}, T(2)));   // dy
  assign(slice(offset, 1, 1, 2), full<T>({1, 1, 9, 8}, T(-3)));  // dx
  auto const y = eval(deform_conv2d(x, offset, w));
  CHECK(allclose(eval(deform_conv2d(x, offset, full<T>({1, 1, 9, 8}, T(1)), w)), y, 0, 0));
  for (index_t h = 0; h < 9; ++h)
    for (index_t v = 0; v < 8; ++v) CHECK(y(0, 2, h, v) == (h + 2 < 9 && v - 3 >= 0 ? x(0, 2, h + 2, v - 3) : T(0)));
}
TEST_CASE_TEMPLATE("hostile input 64: deform_conv2d with special offsets, masks and pixels", T, float, double) {
  T const nan = static_cast<T>(std::nan("")), inf = static_cast<T>(HUGE_VAL), h = 5, w = 6;
  T const ulp = std::numeric_limits<T>::epsilon();
  auto const x = normal<T>({1, 8, 5, 6}, 1), weight = normal<T>({8, 8, 1, 1}, 2);
  auto const bias = normal<T>({8}, 3);
  for (T v : {nan, inf, -inf, T(1e30), T(-1e30), T(-1), -T(1) + ulp, -T(1) - 2 * ulp, h, h - 8 * ulp, w, w - 8 * ulp, h - 1, w - 1, T(-0.0),
              std::numeric_limits<T>::denorm_min(), T(9.2e18), T(-9.3e18)})
    for (int axis : {0, 1}) {
      CAPTURE(v);
      CAPTURE(axis);
      auto const offset = zeros<T>({1, 2, 5, 6});
      offset(0, axis, 0, 0) = v;
      auto const a = eval(deform_conv2d(x, offset, weight, bias, {}, algo::reference{}));
      std::vector<tensor<T, 4>> fast{eval(deform_conv2d(x, offset, weight, bias, {}, algo::im2col{}))};
      for (auto isa : supported_instruction_sets()) fast.push_back(eval(deform_conv2d(x, offset, weight, bias), cpu_executor{.isa = isa}));
      for (auto const& b : fast) {
        CHECK_CLOSE(b, a, 32);
        if (!(v > -1 && v < (axis == 0 ? h : w)))
          CHECK(b(0, 3, 0, 0) == doctest::Approx(static_cast<double>(bias(3))).epsilon(1e-5));  // outside: nothing but the bias
        CHECK(std::isfinite(b(0, 0, 4, 5)));
      }
    }
  auto const offset = zeros<T>({1, 2, 5, 6}), mask = ones<T>({1, 1, 5, 6});
  mask(0, 0, 2, 2) = nan;
  offset(0, 0, 3, 3) = 100, mask(0, 0, 3, 3) = nan;  // outside
  x(0, 1, 4, 4) = inf;
  std::vector<tensor<T, 4>> all{eval(deform_conv2d(x, offset, mask, weight, bias, {}, algo::reference{})),
                                eval(deform_conv2d(x, offset, mask, weight, bias, {}, algo::im2col{}))};
  for (auto isa : supported_instruction_sets()) all.push_back(eval(deform_conv2d(x, offset, mask, weight, bias), cpu_executor{.isa = isa}));
  for (auto const& y : all) {
    CHECK(std::isnan(y(0, 0, 2, 2)));
    CHECK(std::isnan(y(0, 0, 3, 3)));
    CHECK(std::isfinite(y(0, 0, 2, 3)));
    CHECK_FALSE(std::isfinite(y(0, 0, 4, 4)));
    CHECK(std::isfinite(y(0, 0, 0, 0)));
  }
}
TEST_CASE("deform_conv2d: refusals") {
  auto const x = zeros<float>({1, 8, 6, 6}), w = zeros<float>({8, 8, 3, 3});
  conv2d_params const p{.padding = 1};
  CHECK_THROWS_SAYING(shape_error, "offset has 17 channels; expected 2 * 9 for each deformable group",
                      deform_conv2d(x, zeros<float>({1, 17, 6, 6}), w, {}, p));
  CHECK_THROWS_SAYING(shape_error, "divides the 8 channels", deform_conv2d(x, zeros<float>({1, 54, 6, 6}), w, {}, p));
  CHECK_THROWS_SAYING(shape_error, "offset has shape (1, 18, 5, 6); expected (1, 18, 6, 6)",
                      deform_conv2d(x, zeros<float>({1, 18, 5, 6}), w, {}, p));
  CHECK_THROWS_SAYING(shape_error, "mask has shape (1, 18, 6, 6); expected (1, 9, 6, 6)",
                      deform_conv2d(x, zeros<float>({1, 18, 6, 6}), zeros<float>({1, 18, 6, 6}), w, {}, p));
  auto b = zeros<float>({8});
  (void)deform_conv2d(x, zeros<float>({1, 18, 6, 6}), w, std::move(b), p);
  CHECK_THROWS_SAYING(error, "it was moved away", deform_conv2d(x, zeros<float>({1, 18, 6, 6}), w, b, p));
}
TEST_CASE("deform_conv2d: an integer-valued problem with integer offsets is exact in float") {
  auto const x = eval(cast<float>(cast<int>(5.f * normal<float>({1, 16, 12, 11}, 1)))),
             w = eval(cast<float>(cast<int>(3.f * normal<float>({8, 16, 3, 3}, 2))));
  auto const offset = eval(cast<float>(cast<int>(4.f * normal<float>({1, 2 * 18, 12, 11}, 3))));
  conv2d_params const p{.padding = 1};
  for (auto isa : supported_instruction_sets())
    CHECK(allclose(eval(deform_conv2d(x, offset, w, {}, p), cpu_executor{.isa = isa}),
                   eval(deform_conv2d(x, offset, w, {}, p, algo::reference{})), 0, 0));
}
#if EDVR_VECTOR_KERNELS
TEST_CASE("deform_conv2d counts in 64 bits where a picture needs them") {
  auto const small = [](index_t height, index_t pixel) {
    return detail::int_addresses(view<float const, 4, cpu>{nullptr, {{1, 64, height, 1 << 12}}, {{0, 1, pixel << 12, pixel}}});
  };
  CHECK(small(1 << 12, 64));
  CHECK(small((1 << 13) - 1, 64));
  CHECK_FALSE(small(1 << 13, 64));
  CHECK_FALSE(small(4, -64));
}
#endif
