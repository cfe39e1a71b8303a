// SPDX-License-Identifier: Apache-2.0
// softmax and scaled_dot_product_attention. EDVR's own gates: reduce.cpp.
#include "support.hpp"
using namespace edvr;

namespace {
/// Attention of one query row written out in double. allowed(key), added(key): the mask.
template <class T, class Added>
std::vector<double> attend(tensor<T, 4> const& q, tensor<T, 4> const& k, tensor<T, 4> const& v, index_t n, index_t h, index_t row,
                           double scale, Added const& added) {
  std::vector<double> score, y(static_cast<std::size_t>(v.extent(3)));
  double top = -HUGE_VAL, total = 0;
  for (index_t s = 0; s < k.extent(2); ++s) {
    double sum = 0;
    for (index_t e = 0; e < q.extent(3); ++e) sum += static_cast<double>(q(n, h, row, e)) * static_cast<double>(k(n, h, s, e));
    score.push_back(sum * scale + added(s));
    top = std::fmax(top, score.back());
  }
  if (top == -HUGE_VAL) return y;
  for (auto& s : score) total += s = std::exp(s - top);
  for (std::size_t s = 0; s < score.size(); ++s)
    for (std::size_t f = 0; f < y.size(); ++f)
      y[f] += score[s] / total * static_cast<double>(v(n, h, static_cast<index_t>(s), static_cast<index_t>(f)));
  return y;
}
}  // namespace

TEST_CASE_TEMPLATE("softmax is exp over its sum along any axis, in any layout", T, float, double) {
  proves<T>({"softmax"});
  auto const x = normal<T>({2, 9, 4, 5}, 1, 0, 4);
  for (int axis = 0; axis < 4; ++axis) {
    CAPTURE(axis);
    auto const power = eval(exp(cast<double>(x)));
    auto const want = eval(cast<T>(power / eval(sum(power, {axis}, keepdim))));
    CHECK_CLOSE(eval(softmax(x, axis)), want, 9);
    CHECK_CLOSE(eval(softmax(to_channels_last(x), axis)), want, 9);
    CHECK_CLOSE(eval(softmax(with_gaps(x), axis)), want, 9);
    // An epilogue; nothing overflows, but x + 1000 has fewer digits.
    CHECK_CLOSE(eval(T(2) * softmax(x + T(1000), axis) - T(1)), eval(T(2) * want - T(1)), 4000);
  }
  CHECK(eval(softmax(to_channels_last(x), 1)).is_channels_last());
}
TEST_CASE("softmax: infinities, NaN, no elements, refusals") {
  double const inf = HUGE_VAL, nan = std::nan("");
  auto const y = eval(softmax(from({0., -inf, 1e300, -1e300, -inf, -inf, nan, 1., inf, 0.}, {5, 2}), 1));
  CHECK(y(0, 0) == 1);
  CHECK(y(0, 1) == 0);
  CHECK(y(1, 0) == 1);
  for (index_t row : {2, 3, 4}) CHECK(std::isnan(y(row, 0)));
  CHECK(eval(softmax(zeros<float>({0, 3}), 1)).shape() == shape<2>{{0, 3}});
  CHECK(eval(softmax(zeros<float>({3, 0}), 1)).shape() == shape<2>{{3, 0}});
  CHECK_THROWS_SAYING(shape_error, "softmax: axis 2; expected 0 to 1", softmax(zeros<float>({3, 2}), 2));
  CHECK_THROWS_SAYING(shape_error, "would be repeated", softmax(zeros<float>({3, 1}), 1) + zeros<float>({3, 2}));
}
TEST_CASE_TEMPLATE("scaled_dot_product_attention is its formula, with and without masks, in any layout", T, float, double) {
  proves<T>({"scaled_dot_product_attention"});
  auto const q = normal<T>({2, 3, 5, 8}, 1), k = normal<T>({2, 3, 7, 8}, 2), v = normal<T>({2, 3, 7, 6}, 3);
  auto const added = normal<T>({5, 7}, 4);
  auto const allowed = eval(added > T(0));
  for (index_t s = 0; s < 7; ++s) allowed(3, s) = false;  // nothing left to attend to
  auto const check = [&](auto const& y, double scale, auto const& mask) {
    CHECK(y.shape() == shape<4>{{2, 3, 5, 6}});
    int wrong = 0;
    for (index_t n = 0; n < 2; ++n)
      for (index_t h = 0; h < 3; ++h)
        for (index_t row = 0; row < 5; ++row) {
          auto const want = attend(q, k, v, n, h, row, scale, [&](index_t s) { return mask(row, s); });
          for (index_t f = 0; f < 6; ++f)
            wrong += !(std::fabs(static_cast<double>(y(n, h, row, f)) - want[static_cast<std::size_t>(f)]) < tolerance<T>(30));
        }
    CHECK(wrong == 0);  // a NaN is wrong
  };
  double const scale = 1 / std::sqrt(8.);
  auto const none = [](index_t, index_t) { return 0.; };
  check(eval(scaled_dot_product_attention(q, k, v)), scale, none);
  check(eval(scaled_dot_product_attention(with_gaps(q), to_channels_last(k), with_gaps(v))), scale, none);
  check(eval(scaled_dot_product_attention(q + T(0), k * T(1), v)), scale, none);
  check(eval(scaled_dot_product_attention(q, k, v, 0.3)), 0.3, none);
  check(eval(scaled_dot_product_attention(q, k, v, -0.3)), -0.3, none);
  check(eval(scaled_dot_product_attention(q, k, v, 0)), 0, none);
  auto const closed = clone(added);
  for (index_t s = 0; s < 7; ++s) closed(1, s) = -std::numeric_limits<T>::infinity();
  check(eval(scaled_dot_product_attention(q, k, v, closed)), scale,
        [&](index_t row, index_t s) { return static_cast<double>(closed(row, s)); });
  auto const whole = eval(added + zeros<T>({2, 3, 5, 7}));
  check(eval(scaled_dot_product_attention(q, k, v, to_channels_last(whole))), scale,
        [&](index_t row, index_t s) { return static_cast<double>(added(row, s)); });
  check(eval(scaled_dot_product_attention(q, k, v, added)), scale,
        [&](index_t row, index_t s) { return static_cast<double>(added(row, s)); });
  check(eval(scaled_dot_product_attention(q, k, v, allowed)), scale,
        [&](index_t row, index_t s) { return allowed(row, s) ? 0. : -HUGE_VAL; });
  auto const y = eval(relu(scaled_dot_product_attention(q, k, v, allowed)));  // an epilogue
  CHECK(y(1, 2, 3, 4) == T(0));
  for (int threads : {1, 2, 3})
    CHECK(allclose(eval(scaled_dot_product_attention(q, k, v), cpu_executor{.threads = threads}),
                   eval(scaled_dot_product_attention(q, k, v)), 0, 0));
}
TEST_CASE("scaled_dot_product_attention: ranks 2, 3 and 5, no elements, NaN, refusals") {
  auto const q = normal<float>({4, 8}, 1), k = normal<float>({6, 8}, 2), v = normal<float>({6, 3}, 3);
  auto const flat = eval(scaled_dot_product_attention(q, k, v));
  CHECK_CLOSE(select(eval(scaled_dot_product_attention(reshape(q, {1, 4, 8}), reshape(k, {1, 6, 8}), reshape(v, {1, 6, 3}))), 0, 0), flat,
              1);
  CHECK_CLOSE(
      reshape(eval(scaled_dot_product_attention(reshape(q, {1, 1, 1, 4, 8}), reshape(k, {1, 1, 1, 6, 8}), reshape(v, {1, 1, 1, 6, 3}))),
              {4, 3}),
      flat, 1);
  CHECK(eval(scaled_dot_product_attention(zeros<float>({0, 8}), k, v)).shape() == shape<2>{{0, 3}});
  // No keys: sums of nothing.
  CHECK(allclose(eval(scaled_dot_product_attention(q, zeros<float>({0, 8}), zeros<float>({0, 3}))), zeros<float>({4, 3}), 0, 0));
  q(1, 2) = std::nanf("");
  auto const y = eval(scaled_dot_product_attention(q, k, v));
  CHECK(std::isnan(y(1, 0)));
  CHECK(y(0, 0) == flat(0, 0));
  CHECK_THROWS_SAYING(shape_error, "query (4, 8), key (6, 8), value (5, 3); expected (..., l, e), (..., s, e), (..., s, f)",
                      scaled_dot_product_attention(q, k, zeros<float>({5, 3})));
  CHECK_THROWS_SAYING(shape_error, "would be repeated", scaled_dot_product_attention(slice(q, 0, 0, 1), k, v, zeros<float>({4, 6})));
  CHECK_THROWS_SAYING(shape_error, "differ on axis 1", scaled_dot_product_attention(q, k, v, zeros<float>({4, 5})));
}
