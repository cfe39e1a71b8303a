// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"
using namespace edvr;

namespace {
/// Sum of the four neighbours less four times the element: as a convolution, one channel at a time.
struct laplacian {
  template <class X>
  auto operator()(X const& x, coord<4> const& at) const {
    auto const beside = [&](index_t rows, index_t columns) { return x(coord<4>{{at[0], at[1], at[2] + rows, at[3] + columns}}); };
    return beside(-1, 0) + beside(1, 0) + beside(0, -1) + beside(0, 1) - typename X::value_type(4) * x(at);
  }
};
struct is_peak {  // another element type, any rank
  template <class X>
  bool operator()(X const& x, coord<1> const& at) const {
    return x(coord<1>{{at[0] - 1}}) < x(at) && x(coord<1>{{at[0] + 1}}) < x(at);
  }
};
}  // namespace

TEST_CASE_TEMPLATE("stencil: a function of neighbours, zeros outside, with what stands around it", T, float, double) {
  proves<T>({"stencil"});
  auto const x = normal<T>({2, 3, 5, 7}, 1);
  auto const w = zeros<T>({3, 1, 3, 3});
  for (index_t c = 0; c < 3; ++c) w(c, 0, 0, 1) = w(c, 0, 2, 1) = w(c, 0, 1, 0) = w(c, 0, 1, 2) = T(1), w(c, 0, 1, 1) = T(-4);
  auto const want = eval(conv2d(x, w, {.padding = 1, .groups = 3}, algo::reference{}));
  CHECK_CLOSE(eval(stencil(laplacian{}, x)), want, 9);
  CHECK_CLOSE(eval(stencil(laplacian{}, with_gaps(x))), want, 9);
  CHECK_CLOSE(eval(stencil(laplacian{}, to_channels_last(x))), want, 9);
  CHECK_CLOSE(eval(x + T(2) * relu(stencil(laplacian{}, x * T(1)))), eval(x + T(2) * relu(want)), 9);
  CHECK_CLOSE(eval(stencil(laplacian{}, stencil(laplacian{}, x))), eval(conv2d(want, w, {.padding = 1, .groups = 3}, algo::reference{})),
              81);
  CHECK_CLOSE(eval(stencil(laplacian{}, concat(x, x))), eval(concat(want, want)), 9);
  CHECK(eval(stencil(laplacian{}, zeros<T>({0, 3, 5, 7}))).empty());
  auto const y = clone(x);
  CHECK_THROWS_AS(assign(y, stencil(laplacian{}, y)), alias_error);
  CHECK_THROWS_SAYING(shape_error, "would be repeated", stencil(laplacian{}, zeros<T>({1, 3, 5, 7})) + x);
  x(0, 0, 2, 2) = static_cast<T>(std::nan(""));
  auto const n = eval(stencil(laplacian{}, x));
  CHECK(std::isnan(n(0, 0, 2, 3)));
  CHECK(n(0, 0, 3, 3) == want(0, 0, 3, 3));
}
TEST_CASE("stencil: another element type") {
  auto const peaks = eval(stencil(is_peak{}, from({3, 1, 2, 5, 4}, {5})));
  static_assert(std::is_same_v<decltype(peaks), tensor<bool, 1> const>);
  CHECK(peaks(0));
  CHECK(!peaks(1));
  CHECK(peaks(3));
  for (int threads : {1, 2, 5})
    CHECK(allclose(eval(stencil(laplacian{}, normal<float>({3, 4, 30, 20}, 2)), cpu_executor{.threads = threads}),
                   eval(stencil(laplacian{}, normal<float>({3, 4, 30, 20}, 2))), 0, 0));
}
