// SPDX-License-Identifier: Apache-2.0
// Calls that a careless or hostile caller makes, over all ops at once.
#include <array>

#include "support.hpp"
using namespace edvr;

namespace {
/// f(x) for every op of one feature map.
template <class F>
void for_each_op(F const& f) {
  auto const w = normal<float>({4, 4, 3, 3}, 2), one = normal<float>({4, 4, 1, 1}, 3);
  f("conv2d", [=](auto const& x) { return eval(conv2d(x, w, {.padding = 1})); });
  f("conv2d reference", [=](auto const& x) { return eval(conv2d(x, w, {.padding = 1}, algo::reference{})); });
  f("deform_conv2d",
    [=](auto const& x) { return eval(deform_conv2d(x, full<float>({x.extent(0), 2, x.extent(2), x.extent(3)}, 0.25f), one, {})); });
  f("deform_conv2d reference", [=](auto const& x) {
    return eval(deform_conv2d(x, full<float>({x.extent(0), 2, x.extent(2), x.extent(3)}, 0.25f), one, {}, {}, algo::reference{}));
  });
  f("max_pool2d", [](auto const& x) { return eval(max_pool2d(x, {3, 1, 1})); });
  f("avg_pool2d", [](auto const& x) { return eval(avg_pool2d(x, {3, 1, 1})); });
  f("resize_bilinear", [](auto const& x) { return eval(resize_bilinear(x, 5, 7)); });
  f("pixel_shuffle", [](auto const& x) { return eval(pixel_shuffle(x, 2)); });
  f("pad", [](auto const& x) { return eval(pad(x, {{0, 0, 1, 1}}, {{0, 0, 1, 1}}, pad_mode::replicate)); });
  f("concat", [](auto const& x) { return eval(concat(x, x)); });
  f("arithmetic", [](auto const& x) { return eval(leaky_relu(sigmoid(x) * 2.f - x, 0.1f)); });
  f("correlation", [](auto const& x) { return eval(correlation(x, x)); });
  f("sum", [](auto const& x) { return eval(sum(x, {2, 3}, keepdim)); });
  f("where", [](auto const& x) { return eval(where(x > 0.f, x, -x)); });
}
}  // namespace

TEST_CASE(
    "hostile input 62: every op takes views with gaps, flipped, permuted and broadcast axes, and gives what it gives for the packed copy") {
  auto const x = normal<float>({2, 4, 6, 6}, 1);
  for_each_op([&](char const* name, auto const& op) {
    CAPTURE(name);
    for (auto const& v : {with_gaps(x), in_channels_last(x), flip(x, 3), flip(flip(x, 1), 0), permute(x, {0, 1, 3, 2}),
                          slice(normal<float>({2, 9, 6, 6}, 4), 1, 1, 9, 2), broadcast_to(normal<float>({1, 4, 1, 6}, 5), {2, 4, 6, 6})}) {
      auto const packed = empty<float>(v.shape());
      assign(packed, v);
      CHECK_CLOSE(op(v), op(packed), 4 * 9 * 4);
    }
  });
}
TEST_CASE("hostile input 62: no elements in any dimension is an empty result or a shape_error, null memory without elements included") {
  for_each_op([&](char const* name, auto const& op) {
    CAPTURE(name);
    int results = 0;
    for (auto s :
         {coord<4>{{0, 4, 6, 6}}, coord<4>{{2, 0, 6, 6}}, coord<4>{{2, 4, 0, 6}}, coord<4>{{2, 4, 6, 0}}, coord<4>{{0, 0, 0, 0}}}) {
      try {
        auto const y = op(zeros<float>(s));
        CHECK(op(borrow<float>(nullptr, s)).shape() == y.shape());
        if (s[0] == 0) CHECK(y.empty());
        ++results;
      } catch (shape_error const& e) {
        CHECK(std::string(e.what()).size() > 20);
      }
    }
    CHECK(results > 0);
  });
  CHECK_THROWS_SAYING(shape_error, "null pointer for shape (2)", borrow<float>(nullptr, coord<1>{{2}}));
  CHECK(eval(borrow<float>(nullptr, coord<1>{{0}}) + 1.f).size() == 0);
}
TEST_CASE("hostile input 63: sizes beyond 32 bits are 64-bit arithmetic, windows that do not fit are refused") {
  // 2^31 columns and more, without the memory: a broadcast picture, one row of the result.
  index_t const w = index_t{1} << 27;
  auto const x = broadcast_to(ones<float>({1, 1, 1, 1}), {1, 32, 1, w});
  CHECK(x.size() == index_t{1} << 32);
  auto const weight = zeros<float>({1, 32, 1, 3});
  auto const node = conv2d(x, weight, {.stride = {1, index_t{1} << 20}, .padding = {0, 1}});
  CHECK(node.shape() == shape<4>{{1, 1, 1, 128}});
  auto const y = eval(conv2d(x, ones<float>({1, 32, 1, 3}), {.stride = {1, index_t{1} << 20}, .padding = {0, 1}}));
  CHECK(y(0, 0, 0, 0) == 64);  // the first window reaches over the left edge
  CHECK(y(0, 0, 0, 127) == 96);
  CHECK(slice(x, 3, w - 1, w)[{{0, 31, 0, 0}}] == 1);
  CHECK_THROWS_SAYING(shape_error, "more than 2^63 bytes", zeros<float>({index_t{1} << 32, index_t{1} << 32}));
  CHECK_THROWS_SAYING(shape_error, "window reaches over", conv2d(ones<float>({1, 1, 2, 2}), ones<float>({1, 1, 5, 5}), {.padding = 1}));
  CHECK_THROWS_SAYING(shape_error, "stride 0", conv2d(ones<float>({1, 1, 2, 2}), ones<float>({1, 1, 1, 1}), {.stride = 0}));
  CHECK_THROWS_SAYING(shape_error, "dilation 0", conv2d(ones<float>({1, 1, 2, 2}), ones<float>({1, 1, 1, 1}), {.dilation = 0}));
  CHECK_THROWS_SAYING(shape_error, "groups = 2; expected a positive divisor of the 3 channels",
                      conv2d(ones<float>({1, 3, 2, 2}), ones<float>({2, 1, 1, 1}), {.groups = 2}));
}
