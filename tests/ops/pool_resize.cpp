// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"
using namespace edvr;

TEST_CASE_TEMPLATE("pools agree with loops, any layout", T, float, double) {
  proves<T>({"max_pool2d", "avg_pool2d"});
  for (auto [h, w] : {std::pair<index_t, index_t>{7, 9}, {1, 1}, {8, 4}, {2, 3}}) {
    auto const x = normal<T>({2, 19, h, w}, 1);
    pool2d_params const p{.kernel_size = 3, .stride = 2, .padding = 1};
    auto const m = eval(max_pool2d(x, p)), a = eval(avg_pool2d(x, p));
    CHECK(m.extent(2) == (h - 1) / 2 + 1);
    for (index_t i = 0; i < m.extent(2); ++i)
      for (index_t j = 0; j < m.extent(3); ++j) {
        double most = -HUGE_VAL, sum = 0;
        for (index_t y = 2 * i - 1; y <= 2 * i + 1; ++y)
          for (index_t v = 2 * j - 1; v <= 2 * j + 1; ++v)
            if (y >= 0 && y < h && v >= 0 && v < w)
              most = std::fmax(most, static_cast<double>(x(1, 18, y, v))), sum += static_cast<double>(x(1, 18, y, v));
        CHECK(static_cast<double>(m(1, 18, i, j)) == most);
        CHECK(std::fabs(static_cast<double>(a(1, 18, i, j)) - sum / 9) < tolerance<T>(9));
      }
    CHECK_CLOSE(eval(max_pool2d(to_channels_last(x), p)), m, 0);
    CHECK_CLOSE(eval(avg_pool2d(with_gaps(x), p)), a, 9);
    CHECK_CLOSE(eval(avg_pool2d(relu(to_channels_last(x)), p) * T(2)), eval(avg_pool2d(eval(relu(x)), p) * T(2)), 9);
  }
  auto const x = full<T>({1, 1, 4, 4}, static_cast<T>(-HUGE_VAL));
  x(0, 0, 1, 1) = static_cast<T>(std::nan(""));
  CHECK(std::isnan(eval(max_pool2d(x))(0, 0, 0, 0)));
  CHECK(eval(max_pool2d(x))(0, 0, 1, 1) == static_cast<T>(-HUGE_VAL));
  CHECK(eval(max_pool2d(zeros<T>({0, 3, 4, 4}))).size() == 0);
  CHECK(max_pool2d(zeros<T>({1, 1, 9, 10}), {.kernel_size = {3, 5}}).shape() == coord<4>{{1, 1, 3, 2}});  // stride: the kernel's
  CHECK_THROWS_SAYING(shape_error, "expected at most half of kernel_size", max_pool2d(x, {.kernel_size = 2, .padding = 2}));
  CHECK_THROWS_SAYING(shape_error, "window reaches over 9", avg_pool2d(x, {.kernel_size = 9}));
}
TEST_CASE("pools whose window, step and border differ by axis") {
  auto const x = reshape(arange<float>(35), {1, 1, 5, 7});
  pool2d_params const p{{2, 3}, {3, 2}, {1, 0}};
  CHECK(eval(max_pool2d(x, p)).shape() == coord<4>{{1, 1, 2, 3}});
  CHECK(eval(max_pool2d(x, p))(0, 0, 1, 1) == 25);
  CHECK(eval(avg_pool2d(x, p))(0, 0, 1, 1) == 20.5f);
  CHECK(eval(avg_pool2d(x, p))(0, 0, 0, 2) == 2.5f);  // half of it padding
  CHECK_THROWS_SAYING(shape_error, "half of kernel_size", max_pool2d(x, {.kernel_size = 2, .padding = {0, 2}}));
  CHECK_THROWS_SAYING(shape_error, "no empty pictures", max_pool2d(zeros<float>({1, 1, 0, 4}), {.kernel_size = 2, .padding = 1}));
}
TEST_CASE_TEMPLATE("resize_bilinear: identity, constants, corners, and the taps of the factors 2 and 4", T, float, double) {
  proves<T>({"resize_bilinear", "upsample_bilinear"});
  auto const x = normal<T>({2, 17, 5, 6}, 1);
  for (bool align : {false, true}) {
    CHECK_CLOSE(eval(resize_bilinear(x, 5, 6, align)), x, 1);
    CHECK_CLOSE(eval(resize_bilinear(full<T>({1, 2, 3, 4}, T(3)), 7, 2, align)), full<T>({1, 2, 7, 2}, T(3)), 1);
  }
  auto const a = eval(resize_bilinear(x, 9, 11, true));
  CHECK(a(1, 3, 8, 10) == doctest::Approx(static_cast<double>(x(1, 3, 4, 5))));
  CHECK(a(0, 3, 0, 0) == x(0, 3, 0, 0));
  auto const y = eval(upsample_bilinear(x, 2));
  CHECK(y(0, 0, 4, 0) == doctest::Approx(static_cast<double>(T(0.25) * x(0, 0, 1, 0) + T(0.75) * x(0, 0, 2, 0))));
  CHECK(y(0, 0, 5, 0) == doctest::Approx(static_cast<double>(T(0.75) * x(0, 0, 2, 0) + T(0.25) * x(0, 0, 3, 0))));
  auto const z = eval(upsample_bilinear(x, 4));
  CHECK(z(0, 0, 0, 4) == doctest::Approx(static_cast<double>(T(0.375) * x(0, 0, 0, 0) + T(0.625) * x(0, 0, 0, 1))));
  CHECK_CLOSE(eval(resize_bilinear(to_channels_last(x), 8, 3)), eval(resize_bilinear(x, 8, 3)), 4);
  CHECK_CLOSE(eval(resize_bilinear(with_gaps(x), 8, 3)), eval(resize_bilinear(x, 8, 3)), 4);
  CHECK_CLOSE(eval(resize_bilinear(full<T>({1, 1, 1, 1}, T(5)), 4, 4, true)), full<T>({1, 1, 4, 4}, T(5)), 1);
  CHECK_THROWS_SAYING(shape_error, "expected no empty picture", resize_bilinear(x, 0, 3));
  CHECK_THROWS_SAYING(shape_error, "expected no empty picture", upsample_bilinear(x, -1));
  CHECK_THROWS_SAYING(shape_error, "upsample_bilinear: -9223372036854775808 times",
                      upsample_bilinear(x, std::numeric_limits<index_t>::min()));
  CHECK_THROWS_SAYING(shape_error, "upsample_bilinear: 4611686018427387905 times an extent of",
                      upsample_bilinear(x, (index_t{1} << 62) + 1));
  CHECK(eval(resize_bilinear(zeros<T>({0, 3, 4, 4}), index_t{1} << 36, 1)).empty());  // and no table of its rows
}
