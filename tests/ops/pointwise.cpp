// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "support.hpp"
using namespace edvr;

namespace {
double const nan_value = std::nan(""), infinity = HUGE_VAL;
template <class T>
tensor<T, 1> vec(std::vector<double> const& v) {
  return eval(cast<T>(from(v, {static_cast<index_t>(v.size())})));
}
template <class E>
bool is(E e, std::vector<double> const& want) {
  return allclose(eval(std::move(e)), vec<value_t<E>>(want), 0, 0, true);
}
}  // namespace

TEST_CASE_TEMPLATE("arithmetic of tensors and numbers", T, float, double) {
  proves<T>({"operator+", "operator-", "operator*", "operator/"});
  auto const a = vec<T>({1, 2, 3}), b = vec<T>({4, 5, 8});
  CHECK(is(a + b, {5, 7, 11}));
  CHECK(is(a - b, {-3, -3, -5}));
  CHECK(is(a * b, {4, 10, 24}));
  CHECK(is(b / a, {4, 2.5, T(8) / T(3)}));
  CHECK(is(-a, {-1, -2, -3}));
  CHECK(is(a + 1, {2, 3, 4}));
  CHECK(is(1 + a, {2, 3, 4}));
  CHECK(is(a - 1, {0, 1, 2}));
  CHECK(is(10 - a, {9, 8, 7}));
  CHECK(is(2 * a * 2, {4, 8, 12}));
  CHECK(is(a / 2, {0.5, 1, 1.5}));
  CHECK(is(6 / a, {6, 3, 2}));
}
TEST_CASE_TEMPLATE("integers compute in their own type: they wrap, and division drops the fraction", T, std::int8_t, std::int16_t,
                   std::int32_t, std::int64_t) {
  T const least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
  auto const a = from({least, most, T(-7)}, {3});
  auto const is = [](auto const& x, std::initializer_list<T> want) { return allclose(x, from(want, {3}), 0, 0); };
  CHECK(is(a + T(1), {T(least + 1), least, T(-6)}));
  CHECK(is(a - T(1), {most, T(most - 1), T(-8)}));
  CHECK(is(a * T(2), {T(0), T(-2), T(-14)}));
  CHECK(is(a / T(2), {T(least / 2), T(most / 2), T(-3)}));
  CHECK(is(a / T(-1), {least, T(-most), T(7)}));
  CHECK(is(-a, {least, T(-most), T(7)}));
  CHECK(is(abs(a), {least, most, T(7)}));
}
TEST_CASE("integers of 8 and 16 bits wrap too where the processor computes in 32") {
  auto const a = from({std::uint8_t(250), std::uint8_t(3)}, {2});
  CHECK(eval(a + a)(0) == 244);
  auto const b = full<std::uint16_t>({1}, std::uint16_t(65535));
  CHECK(eval(b * b)(0) == 1);
}
TEST_CASE_TEMPLATE("minimum, maximum and clamp keep NaN", T, float, double) {
  proves<T>({"minimum", "maximum", "clamp"});
  auto const a = vec<T>({1, nan_value, 3, -infinity}), b = vec<T>({2, 2, nan_value, 0});
  CHECK(is(minimum(a, b), {1, nan_value, nan_value, -infinity}));
  CHECK(is(maximum(a, b), {2, nan_value, nan_value, 0}));
  CHECK(is(minimum(a, 2), {1, nan_value, 2, -infinity}));
  CHECK(is(maximum(-a, -2), {-1, nan_value, -2, infinity}));
  CHECK(is(maximum(-2, -a), {-1, nan_value, -2, infinity}));
  CHECK(is(minimum(2, a), {1, nan_value, 2, -infinity}));
  CHECK(is(clamp(a, 0, 2), {1, nan_value, 2, 0}));
  CHECK(is(clamp(a, static_cast<T>(nan_value), 2), {nan_value, nan_value, nan_value, nan_value}));
  CHECK(is(clamp(a, 0, static_cast<T>(nan_value)), {nan_value, nan_value, nan_value, nan_value}));
}
TEST_CASE_TEMPLATE("comparisons give bool, where chooses, NaN compares as IEEE says", T, float, double) {
  proves<T>({"operator<", "operator<=", "operator>", "operator>=", "equal", "where"});
  auto const a = vec<T>({1, 2, nan_value}), b = vec<T>({2, 2, 2});
  CHECK(is(a < b, {1, 0, 0}));
  CHECK(is(a <= b, {1, 1, 0}));
  CHECK(is(a > b, {0, 0, 0}));
  CHECK(is(a >= b, {0, 1, 0}));
  CHECK(is(equal(a, b), {0, 1, 0}));
  CHECK(is(logical_not(equal(a, 2)), {1, 0, 1}));
  CHECK(is(a > 1, {0, 1, 0}));
  CHECK(is(a < 2, {1, 0, 0}));
  CHECK(is(a <= 1, {1, 0, 0}));
  CHECK(is(a >= 2, {0, 1, 0}));
  CHECK(is(1 < a, {0, 1, 0}));
  CHECK(is(2 > a, {1, 0, 0}));
  CHECK(is(1 >= a, {1, 0, 0}));
  CHECK(is(2 <= a, {0, 1, 0}));
  CHECK(is(equal(2, a), {0, 1, 0}));
  CHECK_THROWS_SAYING(shape_error, "operator>: shapes (2) and (3)", (void)(vec<T>({1, 2}) > vec<T>({1, 2, 3})));
  CHECK_THROWS_SAYING(shape_error, "operator>=: shapes (2) and (3)", (void)(vec<T>({1, 2}) >= vec<T>({1, 2, 3})));
  CHECK(is(where(a < b, a, 10 * b), {1, 20, 20}));
  CHECK(is(where(a < b, a, 7), {1, 7, 7}));
  CHECK(is(where(a < b, 7, a), {7, 2, nan_value}));
  CHECK(is(where(from({true, false, true}, {3}), a, vec<T>({7})), {1, 7, nan_value}));
}
TEST_CASE_TEMPLATE("functions agree with the standard library, special values included", T, float, double) {
  proves<T>({"abs", "sqrt", "exp", "log", "tanh", "relu", "leaky_relu", "sigmoid"});
  std::vector<double> const in{0,         -0.0,  1,   -1,   0.5, 3, -3, 20, -20, 80, -80, 100, -100, 1e30, -1e30, infinity, -infinity,
                               nan_value, 1e-40, 0.1, -0.1, 7,   8, 9,  10, 11,  12, 13,  14,  15,   16,   17,    18};
  auto const x = reshape(vec<T>(in), {1, static_cast<index_t>(in.size()), 1, 1});  // long enough for packs and a rest
  auto const check = [&](auto e, auto f, double ulp) {
    auto const y = eval(std::move(e));
    for (index_t i = 0; i < x.size(); ++i) {
      double const want = static_cast<double>(f(x.data()[i])), got = static_cast<double>(y.data()[i]);
      CAPTURE(x.data()[i]);
      bool const same =
          (std::isnan(want) && std::isnan(got)) || want == got ||
          std::fabs(want - got) <= ulp * static_cast<double>(std::numeric_limits<T>::epsilon()) * std::fmax(std::fabs(want), 1e-30);
      CHECK(same);
    }
  };
  check(abs(x), [](T v) { return std::fabs(v); }, 0);
  check(sqrt(x), [](T v) { return std::sqrt(v); }, 1);
  check(exp(x), [](T v) { return std::exp(v); }, 1);
  check(log(x), [](T v) { return std::log(v); }, 1);
  check(tanh(x), [](T v) { return std::tanh(v); }, 1);
  check(relu(x), [](T v) { return v < 0 ? T(0) : v; }, 0);
  check(leaky_relu(x, T(0.1)), [](T v) { return v < 0 ? T(0.1) * v : v; }, 0);
  auto const y = eval(sigmoid(x));
  for (index_t i = 0; i < x.size(); ++i) {
    double const v = static_cast<double>(x.data()[i]), want = 1 / (1 + std::exp(-v)), got = static_cast<double>(y.data()[i]);
    CAPTURE(v);
    CHECK((std::isnan(want) ? std::isnan(got) : std::fabs(want - got) <= (std::is_same_v<T, float> ? 1.2e-7 : 1e-15)));
  }
  auto const many = eval(arange<T>(1 << 20) * T(3e-5) - T(16)), values = eval(sigmoid(many));
  double worst = 0;
  for (index_t i = 0; i < many.size(); ++i)
    worst = std::max(worst, std::fabs(1 / (1 + std::exp(-static_cast<double>(many(i)))) - static_cast<double>(values(i))));
  CHECK(worst <= (std::is_same_v<T, float> ? 1.2e-7 : 1e-15));
  CHECK(allclose(sigmoid(full<T>({19}, -std::numeric_limits<T>::infinity())), zeros<T>({19}), 0, 0));  // in packs and behind them
}
TEST_CASE("cast converts as static_cast does") {
  CHECK(is(cast<int>(vec<double>({1.9, -1.9})), {1, -1}));
  CHECK(is(cast<bool>(vec<float>({0, 0.5, -1})), {0, 1, 1}));
  CHECK(is(cast<float>(from({std::uint8_t(255)}, {1})), {255}));
  CHECK(is(cast<std::int64_t>(from({1, 2}, {2})), {1, 2}));
}
TEST_CASE("concat and stack put operands side by side along any axis") {
  auto const a = reshape(arange<int>(6), {2, 3}), b = reshape(arange<int>(10, 14), {2, 2});
  auto const y = eval(concat(a, b));
  CHECK(y.shape() == shape<2>{{2, 5}});
  CHECK(y(1, 2) == 5);
  CHECK(y(1, 3) == 12);
  CHECK(eval(concat<0>(a, a, a)).shape() == shape<2>{{6, 3}});
  auto const s = eval(stack(a, a, a));
  CHECK(s.shape() == shape<3>{{3, 2, 3}});
  CHECK(eval(stack<2>(a, a)).shape() == shape<3>{{2, 3, 2}});
  CHECK_THROWS_SAYING(shape_error, "may differ on axis 0 only", concat<0>(a, b));
  auto const wide = eval(concat(normal<float>({1, 5, 3, 3}, 1), to_channels_last(normal<float>({1, 30, 3, 3}, 2))));
  CHECK(wide(0, 4, 1, 1) == normal<float>({1, 5, 3, 3}, 1)(0, 4, 1, 1));
  CHECK(wide(0, 20, 2, 1) == normal<float>({1, 30, 3, 3}, 2)(0, 15, 2, 1));
}
TEST_CASE("pad fills with a value, the edge or the mirror image") {
  auto const x = from({1, 2, 3}, {3});
  CHECK(is(pad(x, {{2}}, {{1}}), {0, 0, 1, 2, 3, 0}));
  CHECK(is(pad(x, {{1}}, {{0}}, pad_mode::constant, 9), {9, 1, 2, 3}));
  CHECK(is(pad(x, {{2}}, {{2}}, pad_mode::replicate), {1, 1, 1, 2, 3, 3, 3}));
  CHECK(is(pad(x, {{2}}, {{2}}, pad_mode::reflect), {3, 2, 1, 2, 3, 2, 1}));
  for (auto [before, after] : {std::pair<index_t, index_t>{1, 0}, {0, 1}}) {
    CHECK_THROWS_SAYING(shape_error, "expected less than the extent", pad(x, {{3 * before}}, {{3 * after}}, pad_mode::reflect));
    CHECK_THROWS_SAYING(shape_error, "expected none below 0", pad(x, {{-before}}, {{-after}}));
    CHECK_THROWS_SAYING(shape_error, "nothing to replicate", pad(zeros<int>({0}), {{before}}, {{after}}, pad_mode::replicate));
  }
  CHECK(eval(pad(with_gaps(normal<float>({1, 2, 3, 4}, 1)), {{0, 0, 1, 1}}, {{0, 0, 1, 2}}, pad_mode::reflect)).shape() ==
        shape<4>{{1, 2, 5, 7}});
}
TEST_CASE("pixel_shuffle moves channel c r^2 + i r + j to pixel (r y + i, r x + j), and its inverse is a permute") {
  auto const x = normal<float>({2, 12, 3, 5}, 1);
  auto const y = eval(pixel_shuffle(x, 2));
  CHECK(y.shape() == shape<4>{{2, 3, 6, 10}});
  CHECK(y(1, 2, 5, 8) == x(1, 2 * 4 + 1 * 2 + 0, 2, 4));
  // (n, c, h, i, w, j) has rank 6: undo the two axes one after the other.
  auto const rows = permute(reshape(slice(y, 0, 0, 1), {3, 3, 2, 10}), {0, 2, 1, 3});  // c, i, h, w j
  auto const back = permute(reshape(contiguous(rows), {6, 3, 5, 2}), {0, 3, 1, 2});    // c i, j, h, w
  CHECK(allclose(reshape(contiguous(back), {1, 12, 3, 5}), slice(x, 0, 0, 1), 0, 0));
  CHECK_THROWS_SAYING(shape_error, "x has 12 channels; expected a multiple of 25", pixel_shuffle(x, 5));
  CHECK_THROWS_SAYING(shape_error, "factor 0; expected 1 to 1024", pixel_shuffle(x, 0));
  auto const wide = broadcast_to(zeros<float>({1, 0, 1, 1}), {1, 0, 1, index_t{1} << 60}),
             deep = broadcast_to(zeros<float>({1, 1, 0, 0}), {1, index_t{1} << 44, 0, 0});
  CHECK_THROWS_SAYING(shape_error, "pixel_shuffle: 16 times an extent of 1152921504606846976 needs more than 2^63",
                      pixel_shuffle(wide, 16));
  CHECK_THROWS_SAYING(shape_error, "pixel_unshuffle: 1048576 times an extent", pixel_unshuffle(deep, 1024));
}
TEST_CASE("lazy slices, flips and permutes of expressions agree with those of their values") {
  auto const x = normal<float>({2, 3, 4, 5}, 1);
  auto const y = eval(x * x);
  CHECK(allclose(slice(x * x, 3, 1, 5, 2), slice(y, 3, 1, 5, 2), 0, 0));
  CHECK(allclose(flip(x * x, 2), flip(y, 2), 0, 0));
  CHECK(allclose(permute(x * x, {3, 1, 0, 2}), permute(y, {3, 1, 0, 2}), 0, 0));
}
