// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"
using namespace edvr;

TEST_CASE_TEMPLATE("reductions over chosen axes agree with loops", T, float, double) {
  proves<T>({"sum", "mean", "max", "min"});
  auto const x = normal<T>({3, 4, 5}, 1);
  auto const s = eval(sum(x, {0, 2}));
  CHECK(s.shape() == shape<1>{{4}});
  for (index_t j = 0; j < 4; ++j) {
    double want = 0, most = -HUGE_VAL, least = HUGE_VAL;
    for (index_t i = 0; i < 3; ++i)
      for (index_t k = 0; k < 5; ++k) {
        want += static_cast<double>(x(i, j, k));
        most = std::fmax(most, static_cast<double>(x(i, j, k))), least = std::fmin(least, static_cast<double>(x(i, j, k)));
      }
    CHECK(std::fabs(static_cast<double>(s(j)) - want) < tolerance<T>(15));
    CHECK(std::fabs(static_cast<double>(eval(mean(x, {0, 2}))(j)) - want / 15) < tolerance<T>(15));
    CHECK(static_cast<double>(eval(max(x, {0, 2}))(j)) == most);
    CHECK(static_cast<double>(eval(min(x, {0, 2}, keepdim))(0, j, 0)) == least);
  }
  CHECK(eval(sum(x, {1}, keepdim)).shape() == shape<3>{{3, 1, 5}});
  CHECK_CLOSE(eval(sum(with_gaps(x), {1})), eval(sum(x, {1})), 4);
  CHECK(eval(sum(flip(x, 0))).item() == eval(sum(x)).item());
}
TEST_CASE("sums of floats are kept in double") {
  auto const x = full<float>({1 << 22}, 0.1f);
  CHECK(std::fabs(eval(sum(x)).item() - 0.1f * (1 << 22)) < 0.1);  // a running sum in float is off by far more
}
TEST_CASE("NaN wins a maximum, empty axes are refused or give the neutral value") {
  auto const x = from({1., std::nan(""), -HUGE_VAL, 5.}, {2, 2});
  CHECK(std::isnan(eval(max(x, {1}))(0)));
  CHECK(eval(max(x, {1}))(1) == 5);
  CHECK(std::isnan(eval(min(x)).item()));
  CHECK(eval(max(full<double>({2}, -HUGE_VAL))).item() == -HUGE_VAL);
  auto const none = zeros<float>({0, 3});
  CHECK(eval(sum(none, {0}))(2) == 0);
  CHECK(std::isnan(eval(mean(none, {0}))(0)));
  CHECK(eval(sum(none, {1})).size() == 0);
  CHECK_THROWS_SAYING(shape_error, "max: axis 0 of (0, 3) is empty", max(none, {0}));
  CHECK_THROWS_SAYING(shape_error, "given twice", sum(x, {0, 0}));
  CHECK_THROWS_SAYING(shape_error, "axis 2; expected 0 to 1", sum(x, {2}));
  auto const one = ones<float>({1, 1});
  auto const vast = broadcast_to(one, {index_t{1} << 32, 1}) * broadcast_to(one, {1, index_t{1} << 32});
  CHECK_THROWS_SAYING(shape_error, "sum", sum(vast));
}
TEST_CASE("sums of integers and bool are 64-bit counts") {
  CHECK(eval(sum(full<std::uint8_t>({256}, std::uint8_t(200)))).item() == 51200);
  CHECK(eval(sum(arange<int>(6) > 2)).item() == 3);
  static_assert(std::is_same_v<value_t<decltype(sum(zeros<bool>({2})))>, std::int64_t>);
  CHECK(eval(mean(cast<float>(full<std::uint8_t>({2}, std::uint8_t(200))))).item() == 200);
}
TEST_CASE("integers reduce in their own type") {
  CHECK(eval(sum(arange<std::int64_t>(5))).item() == 10);
  auto const most = full<std::int64_t>({2}, std::numeric_limits<std::int64_t>::max());
  CHECK(eval(sum(most)).item() == -2);  // they wrap
  CHECK(eval(max(from({std::uint8_t(3), std::uint8_t(200)}, {2}))).item() == 200);
}
TEST_CASE_TEMPLATE("correlation is the sum of products along an axis, and writes no product", T, float, double) {
  proves<T>({"correlation"});
  auto const a = normal<T>({2, 8, 3, 4}, 1), b = normal<T>({2, 8, 3, 4}, 2);
  auto const before = host_memory.allocations.load();
  auto const y = eval(correlation(a, b));
  CHECK(host_memory.allocations.load() - before == 1);
  CHECK(y.shape() == shape<4>{{2, 1, 3, 4}});
  CHECK_CLOSE(y, eval(sum(eval(a * b), {1}, keepdim)), 8);
  CHECK(eval(correlation(a, b, 3)).shape() == shape<4>{{2, 8, 3, 1}});
}
TEST_CASE_TEMPLATE("the attention gates are their formulas", T, float, double) {
  proves<T>({"temporal_attention", "temporal_attention_gate", "spatial_attention_gate"});
  auto const a = normal<T>({1, 8, 3, 4}, 1, 0, 0.5), b = normal<T>({1, 8, 3, 4}, 2, 0, 0.5), c = normal<T>({1, 8, 3, 4}, 3);
  auto const p = eval(temporal_attention(a, b));
  CHECK_CLOSE(p, eval(sigmoid(eval(correlation(a, b)))), 8);
  auto const gated = eval(temporal_attention_gate(c, p));
  CHECK(gated(0, 5, 1, 2) == c(0, 5, 1, 2) * p(0, 0, 1, 2));
  CHECK_CLOSE(eval(spatial_attention_gate(a, zeros<T>({1, 8, 3, 4}), c)), eval(a + c), 1);  // no attention: x itself
}
TEST_CASE("reductions over axes of extent 1 keep every other element, in both layouts") {
  for (coord<4> s :
       {coord<4>{{2, 5, 1, 1}}, coord<4>{{1, 5, 3, 4}}, coord<4>{{2, 11, 1, 4}}, coord<4>{{1, 1, 3, 3}}, coord<4>{{3, 19, 2, 2}}}) {
    auto const x = normal<float>(s, 1), last = to_channels_last(x);
    for (int axis = 0; axis < 4; ++axis) {
      CAPTURE(axis);
      auto const want = eval(cast<float>(sum(eval(cast<double>(x)), {axis}, keepdim)));
      CHECK_CLOSE(eval(sum(x, {axis}, keepdim)), want, s[axis]);
      CHECK_CLOSE(eval(sum(last, {axis}, keepdim)), want, s[axis]);
      CHECK(allclose(max(last, {axis}, keepdim), max(x, {axis}, keepdim), 0, 0));
    }
    CHECK_CLOSE(eval(mean(last, {2, 3})), eval(mean(x, {2, 3})), s[2] * s[3]);
    CHECK_CLOSE(eval(mean(last, {0, 1})), eval(mean(x, {0, 1})), s[0] * s[1]);
  }
}
