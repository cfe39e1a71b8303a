// SPDX-License-Identifier: Apache-2.0
#include "agrees.hpp"

TEST_CASE_TEMPLATE("ops of element types: functions of real numbers", T, float16, bfloat16, long double) {
  coord<4> const s{{2, 4, 5, 6}};
  auto const a = numbers<T>(s, 1), b = numbers<T>(s, 2), positive = eval(a * a + 0.125);
  agrees<T>("sqrt", [](auto const& x) { return sqrt(x); }, positive);
  agrees<T>("exp", [](auto const& x) { return exp(x); }, a);
  agrees<T>("log", [](auto const& x) { return log(x); }, positive);
  agrees<T>("tanh", [](auto const& x) { return tanh(x); }, a);
  agrees<T>("sigmoid", [](auto const& x) { return sigmoid(x); }, a);
  agrees<T>("leaky_relu", [](auto const& x) { return leaky_relu(x, value_t<decltype(x)>(0.25)); }, a);
  agrees<T>("apply_each", [](auto const& x) { return apply_each(fn::abs{}, x); }, a);
  agrees<T>("mean", [](auto const& x) { return mean(x, {2, 3}); }, a);
  agrees<T>("avg_pool2d", [](auto const& x) { return avg_pool2d(x, {3, 2, 1}); }, a);
  agrees<T>("resize_bilinear", [](auto const& x) { return resize_bilinear(x, 7, 9); }, a);
  agrees<T>("upsample_bilinear", [](auto const& x) { return upsample_bilinear(x, 2); }, a);
  agrees<T>("softmax", [](auto const& x) { return softmax(x, 1); }, a);
  agrees<T>(
      "scaled_dot_product_attention", [](auto const& q, auto const& k, auto const& v) { return scaled_dot_product_attention(q, k, v); }, a,
      b, a);
  agrees<T>("temporal_attention", [](auto const& x, auto const& y) { return temporal_attention(x, y); }, a, b);
  agrees<T>("temporal_attention_gate", [](auto const& x, auto const& y) { return temporal_attention_gate(x, slice(y, 1, 0, 1)); }, a, b);
  agrees<T>("spatial_attention_gate", [](auto const& x, auto const& y) { return spatial_attention_gate(x, y, x); }, a, b);
  auto const offset = numbers<T>(coord<4>{{2, 36, 5, 6}}, 3), mask = numbers<T>(coord<4>{{2, 18, 5, 6}}, 4),
             w = numbers<T>(coord<4>{{6, 4, 3, 3}}, 5);
  agrees<T>(
      "deform_conv2d",
      [](auto const& x, auto const& o, auto const& m, auto const& weight) { return deform_conv2d(x, o, m, weight, {}, {.padding = 1}); }, a,
      offset, mask, w);
}
