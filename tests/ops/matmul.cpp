// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "support.hpp"
using namespace edvr;

TEST_CASE_TEMPLATE("matmul: the matrix product agrees with the plain sum, any layout and size", T, float, double) {
  proves<T>({"matmul"});
  for (auto [m, k, n] : {std::array<index_t, 3>{5, 7, 3}, {1, 1, 1}, {130, 65, 70}, {3, 0, 4}, {0, 4, 3}}) {
    auto const a = normal<T>({m, k}, 1), b = normal<T>({k, n}, 2);
    auto const want = eval(matmul(a, b, algo::reference{}));
    CHECK_CLOSE(eval(matmul(a, b)), want, k);
    CHECK_CLOSE(eval(matmul(with_gaps(a), permute(contiguous(permute(b, {1, 0})), {1, 0}))), want, k);
    CHECK_CLOSE(eval(relu(matmul(a + T(0), b)) + T(1)), eval(relu(want) + T(1)), k);
  }
  CHECK_THROWS_SAYING(shape_error, "expected the columns of the first to be the rows of the second",
                      matmul(zeros<T>({2, 3}), zeros<T>({2, 3})));
}
TEST_CASE_TEMPLATE("matmul: batches are one product each, and broadcast", T, float, double) {
  auto const a = normal<T>({2, 3, 4, 5}, 1), b = normal<T>({2, 3, 5, 6}, 2);
  auto const check = [](auto const& left, auto const& right) {
    auto const y = eval(matmul(left, right));
    CHECK_CLOSE(y, eval(matmul(left, right, algo::reference{})), 5);
    CHECK(y.shape() == shape<4>{{2, 3, 4, 6}});
    for (index_t i = 0; i < 2; ++i)
      for (index_t j = 0; j < 3; ++j) {
        auto const one = [&](auto const& x) { return select(select(x, 0, x.extent(0) == 1 ? 0 : i), 0, x.extent(1) == 1 ? 0 : j); };
        CHECK_CLOSE(select(select(y, 0, i), 0, j), eval(matmul(one(left), one(right))), 5);
      }
  };
  check(a, b);
  check(with_gaps(a), to_channels_last(b));
  check(slice(a, 0, 0, 1), b);
  check(a, slice(b, 1, 1, 2));
  check(slice(a, 1, 0, 1), slice(b, 0, 0, 1));
  check(slice(slice(a, 0, 1, 2), 1, 1, 2), b);
  auto const w = normal<T>({5, 6}, 3);
  CHECK_CLOSE(reshape(eval(matmul(a, w)), {24, 6}), eval(matmul(reshape(a, {24, 5}), w)), 5);  // ranks align at the end
  CHECK_CLOSE(eval(matmul(normal<T>({7, 4}, 4), select(a, 0, 0))), eval(matmul(normal<T>({7, 4}, 4), select(a, 0, 0), algo::reference{})),
              4);
  auto const tall = normal<T>({3, 150, 9}, 5), wide = normal<T>({3, 9, 70}, 6);  // several bands of each
  for (int threads : {1, 2, 7}) CHECK(allclose(eval(matmul(tall, wide), cpu_executor{.threads = threads}), eval(matmul(tall, wide)), 0, 0));
  CHECK_CLOSE(eval(matmul(tall, wide) * T(2)), eval(T(2) * matmul(tall, wide, algo::reference{})), 9);
  CHECK(eval(matmul(zeros<T>({0, 4, 5}), zeros<T>({1, 5, 6}))).shape() == shape<3>{{0, 4, 6}});
  CHECK(allclose(eval(matmul(zeros<T>({2, 4, 0}), zeros<T>({2, 0, 6}))), zeros<T>({2, 4, 6}), 0, 0));
  CHECK_THROWS_SAYING(shape_error, "matmul: shapes (2, 4, 6) and (3, 4, 6) differ on axis 0",
                      matmul(zeros<T>({2, 4, 5}), zeros<T>({3, 5, 6})));
  CHECK_THROWS_SAYING(shape_error, "would be repeated", matmul(zeros<T>({1, 4, 5}), zeros<T>({1, 5, 6})) + zeros<T>({2, 4, 6}));
}
TEST_CASE("matmul keeps a NaN and an infinity to their row and column") {
  auto const a = ones<float>({2, 3, 4}), b = ones<float>({2, 4, 5});
  a(1, 2, 0) = std::nanf(""), b(0, 1, 3) = HUGE_VALF;
  auto const y = eval(matmul(a, b));
  for (index_t n = 0; n < 2; ++n)
    for (index_t i = 0; i < 3; ++i)
      for (index_t j = 0; j < 5; ++j)
        CHECK((n == 1 && i == 2 ? std::isnan(y(n, i, j)) : n == 0 && j == 3 ? y(n, i, j) == HUGE_VALF : y(n, i, j) == 4));
}
