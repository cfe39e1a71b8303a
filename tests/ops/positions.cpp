// SPDX-License-Identifier: Apache-2.0
// Ops about where elements stand: argmax, argmin, gather, slices of several axes, pixel_unshuffle.
#include "support.hpp"
using namespace edvr;

TEST_CASE_TEMPLATE("argmax and argmin: the first of the largest and smallest along any axis, NaN before all", T, float, double,
                   std::int64_t, std::uint8_t) {
  proves<T>({"argmax", "argmin"});
  auto const x = eval(cast<T>(uniform<float>({3, 4, 5}, 1, 0, 6)));
  for (int axis = 0; axis < 3; ++axis) {
    auto const most = eval(argmax(x, axis, keepdim)), least = eval(argmin(x, axis, keepdim));
    coord<3> at{};
    for (index_t i = 0; i < most.size(); ++i, advance(at, most.shape())) {
      coord<3> p = at, q = at;
      p[axis] = most[at], q[axis] = least[at];
      for (coord<3> o = at; o[axis] < x.extent(axis); ++o[axis]) {
        CHECK((o[axis] < p[axis] ? x[o] < x[p] : x[o] <= x[p]));
        CHECK((o[axis] < q[axis] ? x[o] > x[q] : x[o] >= x[q]));
      }
    }
    CHECK(allclose(eval(unsqueeze(eval(argmax(x, axis)), axis)), most, 0, 0));
    CHECK(allclose(argmax(with_gaps(eval(cast<double>(x))), axis, keepdim), most, 0, 0));
    CHECK(allclose(argmax(flip(flip(x, 1), 1), axis, keepdim), most, 0, 0));
  }
  static_assert(std::is_same_v<value_t<decltype(argmax(x, 0))>, std::int64_t>);
}
TEST_CASE("argmax and argmin: NaN, infinities, one element, refusals") {
  double const nan = std::nan(""), inf = HUGE_VAL;
  CHECK(eval(argmax(from({1., nan, inf, nan}, {4}), 0)).item() == 1);
  CHECK(eval(argmin(from({1., nan, -inf, nan}, {4}), 0)).item() == 1);
  CHECK(eval(argmax(from({-inf, -inf}, {2}), 0)).item() == 0);
  CHECK(eval(argmin(from({7}, {1}), 0)).item() == 0);
  CHECK(eval(argmax(zeros<float>({0, 3}), 1)).size() == 0);
  CHECK(eval(argmax(arange<int>(6) * 2, 0) + std::int64_t(10)).item() == 15);
  CHECK_THROWS_SAYING(shape_error, "argmax: axis 0 of (0, 3) is empty", argmax(zeros<float>({0, 3}), 0));
  CHECK_THROWS_SAYING(shape_error, "argmin: axis 2; expected 0 to 1", argmin(zeros<float>({2, 3}), 2));
}
TEST_CASE("gather takes the elements that an index names along one axis") {
  auto const x = normal<float>({3, 4, 5}, 1);
  auto const index = eval(cast<std::int64_t>(uniform<float>({2, 6, 5}, 2, 0, 4)));
  for (auto const& view : {x, with_gaps(x), flip(x, 1)}) {
    auto const y = gather(view, 1, index);
    for (index_t i = 0; i < 2; ++i)
      for (index_t j = 0; j < 6; ++j)
        for (index_t k = 0; k < 5; ++k) CHECK(y(i, j, k) == view(i, index(i, j, k), k));
  }
  CHECK(allclose(gather(x * 2.f, 1, with_gaps(index)), gather(eval(x * 2.f), 1, index), 0, 0));
  CHECK(allclose(gather(x, 1, eval(argmax(x, 1, keepdim))), max(x, {1}, keepdim), 0, 0));
  CHECK(gather(x, 1, zeros<std::int64_t>({0, 6, 5})).size() == 0);
  CHECK_THROWS_SAYING(shape_error, "gather: index has positions from 0 to 3; expected 0 to 2, because axis 0",
                      gather(x, 0, slice(index, 1, 0, 4)));
  CHECK_THROWS_SAYING(shape_error, "positions from -1", gather(x, 1, full<std::int64_t>({1, 1, 1}, -1)));
  CHECK_THROWS_SAYING(shape_error, "gather: index has shape (4, 1, 1); expected at most the extents of x, (3, 4, 5), on every axis but 1",
                      gather(x, 1, zeros<std::int64_t>({4, 1, 1})));
  CHECK_THROWS_SAYING(shape_error, "gather: axis 1 of x (3, 0, 5) is empty",
                      gather(zeros<float>({3, 0, 5}), 1, zeros<std::int64_t>({1, 1, 1})));
  CHECK_THROWS_SAYING(shape_error, "gather: axis 3", gather(x, 3, zeros<std::int64_t>({1, 1, 1})));
}
TEST_CASE("a slice of every axis is one slice after the other, backwards too") {
  auto const x = normal<float>({3, 7, 5}, 1);
  CHECK(allclose(slice(x, {{}, {1, 6, 2}, {0, 3}}), slice(slice(x, 1, 1, 6, 2), 2, 0, 3), 0, 0));
  CHECK(allclose(slice(x, {{2, -1, -1}, {}, {4, -1, -3}}), flip(flip(slice(x, 2, 1, 5, 3), 2), 0), 0, 0));
  CHECK(allclose(slice(x * 2.f, {{1, 2}, {5, 0, -2}, {}}), slice(eval(x * 2.f), {{1, 2}, {5, 0, -2}, {}}), 0, 0));
  CHECK(slice(x, {{1, 1}, {}, {}}).size() == 0);
  CHECK(slice(x, {{0, 1, index_t{1} << 62}, {3, 2, -(index_t{1} << 62)}, {}}).shape() == shape<3>{{1, 1, 5}});
  CHECK(slice(x, 0, 0, 1, index_t{1} << 62)(0, 3, 4) == x(0, 3, 4));
  index_t const least = std::numeric_limits<index_t>::min(), most = std::numeric_limits<index_t>::max();
  for (range bad : {range{-1, 2}, range{0, 4}, range{2, 1}, range{0, 1, 0}, range{3, -1, -1}, range{1, 2, -1}, range{1, -2, -1},
                    range{1, 0, least}, range{most, most, 1}, range{least, 0, 1}, range{0, least, -1}, range{-1, -1, -1}})
    CHECK_THROWS_SAYING(shape_error, "of axis 0; expected 0 <= from <= to <= 3", slice(x, {bad, {}, {}}));
}
TEST_CASE_TEMPLATE("pixel_unshuffle undoes pixel_shuffle", T, float, double, std::uint8_t) {
  auto const x = eval(cast<T>(uniform<float>({2, 12, 3, 5}, 1, 0, 200)));
  CHECK(allclose(pixel_unshuffle(eval(pixel_shuffle(x, 2)), 2), x, 0, 0));
  CHECK(allclose(pixel_unshuffle(pixel_shuffle(x, 2), 2), x, 0, 0));
  auto const big = eval(cast<T>(uniform<float>({1, 2, 6, 9}, 2, 0, 200)));
  auto const y = eval(pixel_unshuffle(with_gaps(big), 3));
  CHECK(y.shape() == shape<4>{{1, 18, 2, 3}});
  CHECK(y(0, 1 * 9 + 2 * 3 + 1, 1, 2) == big(0, 1, 5, 7));
  CHECK_THROWS_SAYING(shape_error, "expected a height and a width that are multiples of 4", pixel_unshuffle(big, 4));
  CHECK_THROWS_SAYING(shape_error, "pixel_unshuffle: factor 0", pixel_unshuffle(big, 0));
}
