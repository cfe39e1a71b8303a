// SPDX-License-Identifier: Apache-2.0
// Calls that a careless or hostile caller makes, over all ops at once.
#include <sys/mman.h>

#include <array>
#include <cstdint>

#include "support.hpp"
using namespace edvr;

namespace {
struct to_the_right {
  template <class X>
  auto operator()(X const& x, coord<4> const& at) const {
    return x(at) - x(coord<4>{{at[0], at[1], at[2], at[3] + 1}});
  }
};
/// f(x) for every op of one feature map, and for the plain twins of those that have one.
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
  f("mean of one axis", [](auto const& x) { return eval(mean(x, {1})); });
  f("max", [](auto const& x) { return eval(max(x, {1}, keepdim)); });
  f("min", [](auto const& x) { return eval(min(x, {3})); });
  f("argmax", [](auto const& x) { return eval(cast<float>(argmax(x, 2))); });
  f("argmin", [](auto const& x) { return eval(cast<float>(argmin(x, 1, keepdim))); });
  f("where", [](auto const& x) { return eval(where(x > 0.f, x, -x)); });
  f("matmul", [](auto const& x) { return eval(matmul(x, permute(x, {0, 1, 3, 2}))); });
  f("matmul reference", [](auto const& x) { return eval(matmul(x, permute(x, {0, 1, 3, 2}), algo::reference{})); });
  f("softmax", [](auto const& x) { return eval(softmax(x, 3) + softmax(x, 1)); });
  f("scaled_dot_product_attention", [](auto const& x) { return eval(scaled_dot_product_attention(x, x, x)); });
  f("scaled_dot_product_attention with a mask", [](auto const& x) { return eval(scaled_dot_product_attention(x, x, x, x > 0.f)); });
  f("temporal_attention_gate", [](auto const& x) { return eval(temporal_attention_gate(x, eval(temporal_attention(x, flip(x, 1))))); });
  f("spatial_attention_gate", [](auto const& x) { return eval(spatial_attention_gate(x, flip(x, 3), x)); });
  f("gather", [](auto const& x) { return gather(x, 1, zeros<std::int64_t>(x.shape())); });
  f("gather by", [](auto const& x) { return gather(zeros<float>(x.shape()), 3, eval(argmax(x, 3, keepdim))); });
  f("pixel_unshuffle", [](auto const& x) { return eval(pixel_unshuffle(x, 2)); });
  f("upsample_bilinear", [](auto const& x) { return eval(upsample_bilinear(x, 2)); });
  f("stencil", [](auto const& x) { return eval(stencil(to_the_right{}, x)); });
  f("stack", [](auto const& x) { return eval(stack(x, flip(x, 2))); });
  f("math", [](auto const& x) { return eval(exp(minimum(x, 1.f)) + tanh(x) + sqrt(abs(x)) + clamp(relu(x), 0.1f, 0.5f)); });
}
}  // namespace

TEST_CASE(
    "hostile input 62: every op takes views with gaps, flipped, permuted and broadcast axes, and gives what it gives for the packed copy") {
  auto const x = normal<float>({2, 4, 6, 6}, 1);
  for_each_op([&](char const* name, auto const& op) {
    CAPTURE(name);
    for (auto const& v : {with_gaps(x), to_channels_last(x), flip(x, 3), flip(flip(x, 1), 0), permute(x, {0, 1, 3, 2}),
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
TEST_CASE("hostile input 63: elements more than 2^32 from the first are found") {
  // A picture of 16 GiB, of which only the pages in use take memory: zeros but for its first and last rows and columns.
  index_t const far = 65536, side = far + 1;
  auto const bytes = static_cast<std::size_t>(side * side) * sizeof(float);
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    MESSAGE("skipped, because the system does not lend 16 GiB of addresses");
    return;
  }
  auto const picture = borrow<float>(static_cast<float*>(memory), coord<4>{{1, 1, side, side}});
  auto const corners = from({2.f, 3.f, 5.f, 7.f}, {1, 1, 2, 2});
  for (index_t i : {0, 1})
    for (index_t j : {0, 1}) picture(0, 0, i * far, j * far) = corners(0, 0, i, j);
  auto const one = ones<float>({1, 1, 1, 1}), none = zeros<float>({1, 2, 2, 2});
  for (auto const& x : {picture, permute(picture, {0, 1, 3, 2}), flip(flip(picture, 2), 3)}) {
    auto const want = eval(slice(slice(x, 2, 0, side, far), 3, 0, side, far));
    CHECK(eval(sum(want)).item() == 17);
    conv2d_params const p{.stride = far};
    CHECK(allclose(eval(conv2d(x, one, p)), want, 0, 0));
    CHECK(allclose(eval(conv2d(x, one, p, algo::im2col{})), want, 0, 0));
    CHECK(allclose(eval(conv2d(x, one, p, algo::reference{})), want, 0, 0));
    CHECK(allclose(eval(max_pool2d(x, {1, far, 0})), want, 0, 0));
    CHECK(allclose(eval(resize_bilinear(x, 2, 2, true)), want, 0, 0));
    CHECK(allclose(eval(deform_conv2d(x, none, one, {}, p, algo::reference{})), want, 0, 0));
    if (x.strides()[3] == side) continue;  // the others copy what lies column by column, all 16 GiB
    CHECK(allclose(eval(deform_conv2d(x, none, one, {}, p)), want, 0, 0));
    CHECK(allclose(eval(deform_conv2d(x, none, one, {}, p, algo::im2col{})), want, 0, 0));
  }
  CHECK(allclose(slice(gather(select(select(picture, 0, 0), 0, 0), 0, full<std::int64_t>({1, side}, far)), 1, 0, side, far),
                 from({5.f, 7.f}, {1, 2}), 0, 0));
  munmap(memory, bytes);
}
TEST_CASE("hostile input 63: sizes that no machine has, and windows that do not fit, are refused") {
  auto const broad = broadcast_to(ones<float>({1, 1, 1, 1}), {1, 32, 1, index_t{1} << 27});
  CHECK(broad.size() == index_t{1} << 32);
  CHECK(broad(0, 31, 0, (index_t{1} << 27) - 1) == 1);
  CHECK_THROWS_SAYING(shape_error, "more than 2^63 bytes", zeros<float>({index_t{1} << 32, index_t{1} << 32}));
  CHECK_THROWS_SAYING(shape_error, "window reaches over", conv2d(ones<float>({1, 1, 2, 2}), ones<float>({1, 1, 5, 5}), {.padding = 1}));
  CHECK_THROWS_SAYING(shape_error, "stride 0", conv2d(ones<float>({1, 1, 2, 2}), ones<float>({1, 1, 1, 1}), {.stride = 0}));
  for (conv2d_params p : {conv2d_params{.stride = index_t{1} << 62}, {.padding = index_t{1} << 62}, {.dilation = index_t{1} << 62}})
    CHECK_THROWS_SAYING(shape_error, "none over 2^31", conv2d(ones<float>({1, 1, 9, 9}), ones<float>({1, 1, 3, 3}), p));
  constexpr index_t most = std::numeric_limits<index_t>::max();
  CHECK_THROWS_SAYING(
      shape_error, "need more than 2^63 elements",
      max_pool2d(broadcast_to(ones<std::uint8_t>({1, 1, 1, 1}), {1, 1, 1, most}), {.kernel_size = {1, 2}, .padding = {0, 1}}));
  auto const wide = pad(zeros<float>({1}), {{index_t{1} << 60}}, {{index_t{1} << 60}});
  CHECK_THROWS_SAYING(shape_error, "concat: extents", concat<0>(wide, wide, wide, wide, wide, wide, wide, wide));
  CHECK_THROWS_SAYING(shape_error, "dilation 0", conv2d(ones<float>({1, 1, 2, 2}), ones<float>({1, 1, 1, 1}), {.dilation = 0}));
  CHECK_THROWS_SAYING(shape_error, "groups = 2; expected a positive divisor of the 3 channels",
                      conv2d(ones<float>({1, 3, 2, 2}), ones<float>({2, 1, 1, 1}), {.groups = 2}));
}
