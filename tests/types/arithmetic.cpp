// SPDX-License-Identifier: Apache-2.0
#include "agrees.hpp"

TEST_CASE_TEMPLATE("ops of element types: arithmetic", T, float16, bfloat16, long double, std::int64_t, std::int32_t, std::uint8_t) {
  using V = arithmetic_t<T>;
  coord<4> const s{{2, 4, 5, 6}};
  auto const a = numbers<T>(s, 1), b = numbers<T>(s, 2);
  agrees<T>("operator+", [](auto const& x, auto const& y) { return x + y + value_t<decltype(x)>(1); }, a, b);
  agrees<T>("operator-", [](auto const& x, auto const& y) { return maximum(x, y) - minimum(x, y); }, a, b);
  agrees<T>("operator*", [](auto const& x, auto const& y) { return x * y * value_t<decltype(x)>(2); }, a, b);
  agrees<T>("operator/", [](auto const& x) { return (x * value_t<decltype(x)>(4)) / value_t<decltype(x)>(2); }, a);
  agrees<T>("abs", [](auto const& x) { return abs(x); }, a);
  agrees<T>("clamp", [](auto const& x) { return clamp(x, value_t<decltype(x)>(1), value_t<decltype(x)>(2)); }, a);
  agrees<T>("relu", [](auto const& x) { return relu(x); }, a);
  agrees<T>("correlation", [](auto const& x, auto const& y) { return correlation(x, y); }, a, b);
  agrees<T>("max_pool2d", [](auto const& x) { return max_pool2d(x, {3, 2, 1}); }, a);
  auto const m = numbers<T>(coord<3>{{2, 3, 5}}, 3), n = numbers<T>(coord<3>{{1, 5, 4}}, 4);
  agrees<T>("matmul", [](auto const& x, auto const& y) { return matmul(x, y); }, eval(cast<double>(cast<V>(m))), n);
  auto const w = numbers<T>(coord<4>{{6, 2, 3, 3}}, 5);
  agrees<T>(
      "conv2d", [](auto const& x, auto const& weight) { return conv2d(x, weight, {.stride = {1, 2}, .padding = 1, .groups = 2}); }, a, w);
}
