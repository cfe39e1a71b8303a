// SPDX-License-Identifier: Apache-2.0
// Every pointwise op: on shapes and layouts that run in packs, that miss them by one element, and that broadcast.
#include "gpu.hpp"
using namespace edvr;

namespace {
/// f on host tensors and on device copies of every layout gives the same within rounding.
template <class T, class F>
void check_everywhere(F const& f, index_t terms = 4) {
  for (auto s : {coord<4>{{2, 8, 5, 12}}, coord<4>{{1, 5, 3, 7}}, coord<4>{{1, 1, 1, 1}}, coord<4>{{0, 4, 2, 2}}}) {
    CAPTURE(s[1]);
    auto const a = normal<T>(s, 1), b = uniform<T>(s, 2, 0.5, 2);
    auto const want = eval(f(a, b));
    CHECK_CLOSE(on_gpu(f, a, b), want, terms);
    CHECK_CLOSE(on_gpu(f, to_channels_last(a), to_channels_last(b)), want, terms);
    CHECK_CLOSE(on_gpu(f, to_channels_last(a), b), want, terms);
    CHECK_CLOSE(to<cpu>(eval(f(with_gaps_on_gpu(a), with_gaps_on_gpu(b)))), want, terms);
    auto const wide = to<gpu>(normal<T>({s[0], s[1] + 1, s[2], s[3] + 1}, 1));  // packs that begin off their multiples
    auto const off = slice(slice(wide, 3, 1, s[3] + 1), 1, 1, s[1] + 1);
    CHECK_CLOSE(to<cpu>(eval(f(off, to<gpu>(b)))), eval(f(to<cpu>(off), b)), terms);
  }
}
struct cube {
  template <class T>
  EDVR_HD T operator()(T const& x) const {
    return x * x * x;
  }
};
}  // namespace

TEST_CASE_TEMPLATE("gpu: arithmetic", T, float, double) {
  proves<T, gpu>({"operator+", "operator-", "operator*", "operator/", "minimum", "maximum", "clamp"});
  check_everywhere<T>([](auto const& a, auto const& b) { return T(2) - a * b + b / T(3) - (-a); });
  check_everywhere<T>([](auto const& a, auto const& b) { return minimum(a, b) + maximum(a, T(2) * b) + clamp(a, T(-1), T(0.5)); });
  check_everywhere<T>([](auto const& a, auto const& b) { return a / b; });
}
TEST_CASE_TEMPLATE("gpu: functions", T, float, double) {
  proves<T, gpu>({"relu", "leaky_relu", "sigmoid", "abs", "sqrt", "log", "exp", "tanh", "apply_each"});
  check_everywhere<T>([](auto const& a, auto const& b) { return relu(a) + leaky_relu(b - T(1), T(0.1)) + sigmoid(a); });
  check_everywhere<T>([](auto const& a, auto const& b) { return abs(a) + sqrt(b) + log(b); }, 16);
  check_everywhere<T>([](auto const& a, auto const& b) { return exp(a) + tanh(b); }, 64);
  check_everywhere<T>([](auto const& a, auto const& b) { return apply_each(cube{}, a) + b; });
}
TEST_CASE_TEMPLATE("gpu: comparisons and casts", T, float, double) {
  proves<T, gpu>({"operator<", "operator>=", "operator<=", "operator>", "where", "equal", "cast"});
  proves<bool, gpu>({"logical_not"});
  check_everywhere<T>([](auto const& a, auto const& b) { return where(a <= b, a, b) + where(a > b, a, T(2) * b); });
  check_everywhere<T>([](auto const& a, auto const& b) { return where(a < b, a, b) + where(logical_not(a >= T(0)), a, T(2) * b); });
  check_everywhere<T>([](auto const& a, auto const& b) { return where(equal(a, maximum(a, b)), a, T(2) * b); });
  check_everywhere<T>([](auto const& a, auto const& b) {
    return cast<T>(cast<int>(T(5) * a)) + cast<T>(equal(cast<std::int64_t>(a), std::int64_t{0})) + b;
  });
}
TEST_CASE_TEMPLATE("gpu: broadcasting", T, float, double) {
  proves<T, gpu>({"broadcast_to"});
  auto const x = normal<T>({2, 8, 3, 4}, 1);
  auto const one = normal<T>({2, 1, 3, 4}, 2);
  auto const bias = normal<T>({8, 1, 1}, 3);
  auto const f = [](auto const& a, auto const& b, auto const& c) { return a * b + c; };
  CHECK_CLOSE(on_gpu(f, x, one, bias), eval(f(x, one, bias)), 4);
  CHECK_CLOSE(on_gpu(f, to_channels_last(x), one, bias), eval(f(x, one, bias)), 4);
  CHECK_CLOSE(on_gpu(f, x, x, x), eval(f(x, x, x)), 4);
  CHECK_CLOSE(to<cpu>(eval(T(2) * broadcast_to(to<gpu>(one), {2, 5, 3, 4}))), eval(T(2) * broadcast_to(one, {2, 5, 3, 4})), 0);
}
TEST_CASE_TEMPLATE("gpu: concat, pad, permute, slice, flip, pixel_shuffle, stack", T, float, double) {
  proves<T, gpu>({"concat", "stack", "pad", "permute", "transpose", "slice", "flip", "pixel_shuffle", "pixel_unshuffle", "reshape",
                  "select", "squeeze", "unsqueeze"});
  check_everywhere<T>([](auto const& a, auto const& b) { return concat(a, b + T(1), a); });
  check_everywhere<T>([](auto const& a, auto const& b) { return concat<3>(a, b); });
  check_everywhere<T>([](auto const& a, auto const& b) { return permute(a + b, {0, 3, 1, 2}); });
  check_everywhere<T>([](auto const& a, auto const& b) { return transpose(a + b, 2, 1); });
  check_everywhere<T>([](auto const& a, auto const& b) { return flip(a * b, 3); });
  check_everywhere<T>([](auto const& a, auto const& b) { return pad(a + b, {0, 1, 2, 0}, {1, 0, 0, 3}, pad_mode::constant, T(7)); });
  auto const x = normal<T>({2, 12, 5, 6}, 1);
  auto const shuffled = [](auto const& a) { return pixel_shuffle(relu(a), 2); };
  CHECK_CLOSE(on_gpu(shuffled, x), eval(shuffled(x)), 0);
  for (auto mode : {pad_mode::reflect, pad_mode::replicate}) {
    auto const padded = [mode](auto const& a) { return pad(a, {0, 0, 2, 3}, {0, 0, 1, 2}, mode); };
    CHECK_CLOSE(on_gpu(padded, x), eval(padded(x)), 0);
  }
  for (index_t w : {6, 8})
    CHECK_CLOSE(on_gpu([](auto const& a) { return stack(a, a); }, normal<T>({2, 3, 4, w}, 2)),
                eval(stack(normal<T>({2, 3, 4, w}, 2), normal<T>({2, 3, 4, w}, 2))), 0);
  CHECK_CLOSE(to<cpu>(reshape(to<gpu>(to_channels_last(x)), {6, 120})), reshape(x, {6, 120}), 0);
  CHECK_CLOSE(on_gpu([](auto const& a) { return pixel_unshuffle(a, 2); }, normal<T>({2, 3, 4, 6}, 3)),
              eval(pixel_unshuffle(normal<T>({2, 3, 4, 6}, 3), 2)), 0);
  CHECK_CLOSE(to<cpu>(eval(slice(to<gpu>(x), {{}, {9, -1, -3}, {1, 5, 2}, {}}) + T(1))),
              eval(slice(x, {{}, {9, -1, -3}, {1, 5, 2}, {}}) + T(1)), 0);
  CHECK_CLOSE(to<cpu>(eval(slice(to<gpu>(normal<T>({2, 8, 3, 4}, 1)), {{}, {}, {}, {}}) + T(1))), eval(normal<T>({2, 8, 3, 4}, 1) + T(1)),
              0);
  CHECK_CLOSE(to<cpu>(eval(select(to<gpu>(normal<T>({2, 8, 3, 4}, 1)), 0, 1) + T(0))), select(normal<T>({2, 8, 3, 4}, 1), 0, 1), 0);
  auto const one = unsqueeze(squeeze(slice(to<gpu>(x), 0, 1, 2), 0), 0);
  CHECK_CLOSE(to<cpu>(eval(select(one, 1, 3) + T(0))), eval(select(slice(x, 0, 1, 2), 1, 3) + T(0)), 0);
}
TEST_CASE("gpu: NaN and infinities pass as on the CPU") {
  float const nan = std::nanf(""), inf = HUGE_VALF;
  auto const x = from({nan, inf, -inf, 0.f, -0.f, 1e30f, -1e30f, 1e-40f}, {8});
  auto const same = [&](auto const& f) { CHECK_CLOSE(on_gpu(f, x), eval(f(x)), 1); };
  same([](auto const& a) { return relu(a); });
  same([](auto const& a) { return leaky_relu(a); });
  same([](auto const& a) { return sigmoid(a); });
  same([](auto const& a) { return clamp(a, -1.f, 1.f); });
  same([](auto const& a) { return minimum(a, 0.f * a); });
  same([](auto const& a) { return maximum(a, 0.f * a); });
  same([](auto const& a) { return abs(a) + sqrt(abs(a)); });
  same([](auto const& a) { return where(equal(a, a), a, 7.f * abs(a)); });
}
TEST_CASE_TEMPLATE("gpu: sixteen bits are read and rounded as on the CPU", T, float16, bfloat16) {
  proves<T, gpu>({"operator+", "operator*", "relu"});
  auto const x = to<T>(normal<float>({2, 8, 3, 4}, 1)), y = to<T>(normal<float>({2, 8, 3, 4}, 2));
  auto const f = [](auto const& a, auto const& b) { return a + 2.f * b; };
  CHECK_CLOSE(to<cpu>(eval<T>(f(to<gpu>(x), to<gpu>(y)))), eval<T>(f(x, y)), 0);
  CHECK_CLOSE(to<cpu>(to<float>(eval<T>(relu(to<gpu>(to_channels_last(x)))))), to<float>(eval<T>(relu(x))), 0);
  auto all = empty<T>({65536});
  for (index_t i = 0; i < 65536; ++i) all(i).bits = static_cast<std::uint16_t>(i);
  auto const wide = to<cpu>(to<float>(to<gpu>(all))), back = to<cpu>(to<float>(to<T>(to<gpu>(to<float>(all)))));
  for (index_t i = 0; i < 65536; ++i) {
    float const want = all(i);
    if (!(std::isnan(want) ? std::isnan(wide(i)) && std::isnan(back(i)) : wide(i) == want && back(i) == want)) FAIL_CHECK("bits " << i);
  }
  auto const ties = eval(to<float>(all) * 1.0002f);
  CHECK_CLOSE(to<cpu>(to<float>(to<T>(to<gpu>(ties)))), to<float>(to<T>(ties)), 0);
}
TEST_CASE("gpu: integers") {
  proves<int, gpu>({"operator+", "operator-", "operator*", "operator/", "operator<", "where", "maximum", "minimum", "abs", "relu", "cast"});
  auto const x = eval(cast<int>(normal<float>({2, 8, 3, 4}, 1, 0, 20))), y = eval(cast<int>(uniform<float>({2, 8, 3, 4}, 2, 1, 9)));
  auto const f = [](auto const& a, auto const& b) { return where(a < b, maximum(a, b) * 3 - a / b, abs(a) + relu(b) - minimum(a, b)); };
  CHECK_CLOSE(on_gpu(f, x, y), eval(f(x, y)), 0);
  CHECK_CLOSE(on_gpu([](auto const& a) { return cast<float>(a); }, x), eval(cast<float>(x)), 0);
}
