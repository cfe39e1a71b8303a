// SPDX-License-Identifier: Apache-2.0
// What the golden files leave open of the metrics and the degradations: other factors, other sizes, refusals.
#include <cmath>
#include <limits>

#include "edvr/metrics/psnr.hpp"
#include "edvr/metrics/resample.hpp"
#include "edvr/metrics/ssim.hpp"
#include "support.hpp"
using namespace edvr;

TEST_CASE("blur_downsample: a point becomes every factor-th of the Gaussian's taps") {
  auto const x = zeros<double>({1, 17, 15});
  x(0, 8, 8) = 1;
  double s = 0;
  for (int i = -6; i <= 6; ++i) s += std::exp(-i * i / 1.28);
  auto const y = blur_downsample(x, 2);
  REQUIRE(y.shape() == shape<3>{{1, 9, 8}});
  CHECK(y(0, 4, 4) == doctest::Approx(1 / (s * s)));
  CHECK(y(0, 3, 4) == doctest::Approx(std::exp(-4 / 1.28) / (s * s)));
  for (index_t factor : {index_t{0}, index_t{1} << 62, std::numeric_limits<index_t>::min(), index_t{6}})
    CHECK_THROWS_SAYING(shape_error, "blur_downsample: picture of shape (1, 17, 15)", blur_downsample(x, factor));
}
TEST_CASE("resize_bicubic rounds sizes up") {
  CHECK(resize_bicubic(zeros<double>({3, 5, 7}), 0.5).shape() == shape<3>{{3, 3, 4}});
  CHECK(resize_bicubic(zeros<double>({1, 5, 7}), 1.5).shape() == shape<3>{{1, 8, 11}});
}
TEST_CASE("ssim in bands of rows is the mean over all of them") {
  auto const a = uniform<double>({1, 150, 12}, 1, 0, 255), b = uniform<double>({1, 150, 12}, 2, 0, 255);
  auto const of = [&](index_t from, index_t to) { return ssim(slice(a, 1, from, to), slice(b, 1, from, to)); };
  CHECK(ssim(a, b) == doctest::Approx((128 * of(0, 138) + 12 * of(128, 150)) / 140).epsilon(1e-12));
}
TEST_CASE("crop_border takes what it says, or says why not") {
  auto const x = uniform<double>({2, 5, 6}, 1);
  CHECK(allclose(crop_border(x, 2), slice(slice(x, 1, 2, 3), 2, 2, 4), 0, 0));
  for (index_t border : {index_t{3}, index_t{-1}, index_t{1} << 62})
    CHECK_THROWS_SAYING(shape_error, "something left", crop_border(x, border));
}
