// SPDX-License-Identifier: Apache-2.0
#include "agrees.hpp"

TEST_CASE_TEMPLATE("ops of element types: order, views, positions", T, float16, bfloat16, long double, std::int64_t, std::int32_t,
                   std::uint8_t, bool) {
  auto const a = numbers<T>(coord<4>{{2, 4, 4, 6}}, 1), b = numbers<T>(coord<4>{{2, 4, 4, 6}}, 2);
  agrees<T>("operator<", [](auto const& x, auto const& y) { return x < y; }, a, b);
  agrees<T>("operator<=", [](auto const& x, auto const& y) { return x <= y; }, a, b);
  agrees<T>("operator>", [](auto const& x, auto const& y) { return x > y; }, a, b);
  agrees<T>("operator>=", [](auto const& x, auto const& y) { return x >= y; }, a, b);
  agrees<T>("equal", [](auto const& x, auto const& y) { return equal(x, y); }, a, b);
  agrees<T>("where", [](auto const& x, auto const& y) { return where(x < y, x, y); }, a, b);
  agrees<T>("minimum", [](auto const& x, auto const& y) { return minimum(x, y); }, a, b);
  agrees<T>("maximum", [](auto const& x, auto const& y) { return maximum(x, y); }, a, b);
  agrees<T>("cast", [](auto const& x) { return cast<int>(x); }, a);
  agrees<T>("concat", [](auto const& x, auto const& y) { return concat(x, y, x); }, a, b);
  agrees<T>("stack", [](auto const& x, auto const& y) { return stack(x, y); }, a, b);
  agrees<T>("pad", [](auto const& x) { return pad(x, {{0, 0, 1, 2}}, {{0, 0, 2, 1}}, pad_mode::reflect); }, a);
  agrees<T>("permute", [](auto const& x) { return permute(x, {3, 1, 0, 2}); }, a);
  agrees<T>("slice", [](auto const& x) { return slice(slice(x, 3, 1, 6, 2), {{}, {3, -1, -2}, {1, 3}, {}}); }, a);
  agrees<T>("flip", [](auto const& x) { return flip(x, 2); }, a);
  agrees<T>("select", [](auto const& x) { return select(x, 1, 2); }, a);
  agrees<T>("squeeze", [](auto const& x) { return squeeze(slice(x, 0, 0, 1), 0); }, a);
  agrees<T>("unsqueeze", [](auto const& x) { return unsqueeze(x, 0); }, a);
  agrees<T>("reshape", [](auto const& x) { return reshape(x, {8, 24}); }, a);
  agrees<T>("broadcast_to", [](auto const& x) { return broadcast_to(slice(x, 1, 0, 1), {2, 5, 4, 6}); }, a);
  agrees<T>("pixel_shuffle", [](auto const& x) { return pixel_shuffle(x, 2); }, a);
  agrees<T>("pixel_unshuffle", [](auto const& x) { return pixel_unshuffle(x, 2); }, a);
  auto const index = from({std::int64_t(3), std::int64_t(0), std::int64_t(3)}, {1, 3, 1, 1});
  agrees<T>("gather", [&](auto const& x) { return gather(x, 1, broadcast_to(index, {2, 3, 4, 6})); }, a);
  agrees<T>("sum", [](auto const& x) { return sum(x, {1, 3}); }, a);
  agrees<T>("max", [](auto const& x) { return max(x, {1}, keepdim); }, a);
  agrees<T>("min", [](auto const& x) { return min(x); }, a);
  agrees<T>("argmax", [](auto const& x) { return argmax(x, 1); }, a);
  agrees<T>("argmin", [](auto const& x) { return argmin(x, 3, keepdim); }, a);
}
TEST_CASE("ops of element types: logical_not of bool") {
  CHECK(eval(logical_not(from({true, false}, {2})))(1));
  CHECK(!eval(logical_not(from({true, false}, {2})))(0));
  proves<bool>({"logical_not"});
}
