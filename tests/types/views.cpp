// SPDX-License-Identifier: Apache-2.0
// Where each element of a view or map comes from, by its formula, for every element type; casts by static_cast.
#include "support.hpp"
using namespace edvr;

namespace {
template <class T>
using element = std::conditional_t<sixteen_bits<T>, float, T>;
/// Different numbers at neighbouring positions, which every T holds exactly.
template <class T>
tensor<T, 4> counted() {
  auto const x = empty<T>({2, 4, 4, 6});
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = T(i * 7 % (std::is_same_v<T, bool> ? 2 : 101));
  return x;
}
/// y[at] is x[from(at)] for every position.
template <class E, class T, class F>
bool is_map(E e, tensor<T, 4> const& x, F const& from) {
  auto const y = eval(std::move(e));
  coord<E::rank> at{};
  for (index_t i = 0; i < y.size(); ++i, advance(at, y.shape()))
    if (y[at] != element<T>(x[from(at)])) return false;
  return y.size() > 0;
}
}  // namespace

TEST_CASE_TEMPLATE("views and index maps of every element type are their formulas", T, float, double, float16, bfloat16, long double,
                   std::int64_t, std::int32_t, std::uint8_t, bool) {
  proves<T>({"permute", "transpose", "slice", "flip", "select", "squeeze", "unsqueeze", "broadcast_to", "reshape", "concat", "stack", "pad",
             "pixel_shuffle", "pixel_unshuffle", "gather"});
  for (auto const& x : {counted<T>(), with_gaps(counted<T>()), to_channels_last(counted<T>())}) {
    auto const map = [&](auto e, auto const& from) { return is_map(std::move(e), x, from); };
    using at4 = coord<4>;
    CHECK(map(permute(x, {3, 1, 0, 2}), [](at4 const& a) { return at4{{a[2], a[1], a[3], a[0]}}; }));
    CHECK(map(transpose(x, 1, 3), [](at4 const& a) { return at4{{a[0], a[3], a[2], a[1]}}; }));
    CHECK(map(slice(x, 3, 1, 6, 2), [](at4 const& a) { return at4{{a[0], a[1], a[2], 1 + 2 * a[3]}}; }));
    CHECK(map(slice(x, {{1, 2}, {3, -1, -2}, {}, {0, 5, 4}}), [](at4 const& a) { return at4{{1, 3 - 2 * a[1], a[2], 4 * a[3]}}; }));
    CHECK(map(flip(x, 2), [](at4 const& a) { return at4{{a[0], a[1], 3 - a[2], a[3]}}; }));
    CHECK(map(select(x, 1, 2), [](coord<3> const& a) { return at4{{a[0], 2, a[1], a[2]}}; }));
    CHECK(map(squeeze(slice(x, 0, 1, 2), 0), [](coord<3> const& a) { return at4{{1, a[0], a[1], a[2]}}; }));
    CHECK(map(unsqueeze(x, 2), [](coord<5> const& a) { return at4{{a[0], a[1], a[3], a[4]}}; }));
    CHECK(map(broadcast_to(slice(x, 1, 3, 4), {2, 5, 4, 6}), [](at4 const& a) { return at4{{a[0], 3, a[2], a[3]}}; }));
    CHECK(map(reshape(x, {8, 24}), [](coord<2> const& a) { return at4{{a[0] / 4, a[0] % 4, a[1] / 6, a[1] % 6}}; }));
    CHECK(map(concat(x, slice(x, 1, 1, 3)), [](at4 const& a) { return at4{{a[0], a[1] < 4 ? a[1] : a[1] - 3, a[2], a[3]}}; }));
    CHECK(map(concat<3>(x, x), [](at4 const& a) { return at4{{a[0], a[1], a[2], a[3] % 6}}; }));
    CHECK(map(stack(x, x), [](coord<5> const& a) { return at4{{a[1], a[2], a[3], a[4]}}; }));
    CHECK(map(pad(x, {{0, 0, 1, 2}}, {{0, 0, 2, 1}}, pad_mode::reflect), [](at4 const& a) {
      auto const mirror = [](index_t i, index_t n) { return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i; };
      return at4{{a[0], a[1], mirror(a[2] - 1, 4), mirror(a[3] - 2, 6)}};
    }));
    CHECK(map(pad(x, {{0, 0, 1, 2}}, {{0, 0, 2, 1}}, pad_mode::replicate),
              [](at4 const& a) { return at4{{a[0], a[1], std::clamp<index_t>(a[2] - 1, 0, 3), std::clamp<index_t>(a[3] - 2, 0, 5)}}; }));
    CHECK(map(pixel_shuffle(x, 2), [](at4 const& a) { return at4{{a[0], a[1] * 4 + a[2] % 2 * 2 + a[3] % 2, a[2] / 2, a[3] / 2}}; }));
    CHECK(map(pixel_unshuffle(x, 2), [](at4 const& a) { return at4{{a[0], a[1] / 4, 2 * a[2] + a[1] % 4 / 2, 2 * a[3] + a[1] % 2}}; }));
    auto const index = from({std::int64_t(3), std::int64_t(0), std::int64_t(3)}, {1, 3, 1, 1});
    CHECK(map(gather(x, 1, broadcast_to(index, {2, 3, 4, 6})), [](at4 const& a) { return at4{{a[0], a[1] == 1 ? 0 : 3, a[2], a[3]}}; }));
  }
}
TEST_CASE_TEMPLATE("casts and functions of a user's", T, float, double) {
  proves<T>({"cast", "apply_each"});
  auto const x = counted<T>();
  CHECK(eval(cast<int>(x / T(2)))(1, 2, 3, 4) == static_cast<int>(x(1, 2, 3, 4) / T(2)));
  CHECK(eval(cast<T>(cast<std::uint8_t>(x)))(1, 2, 3, 4) == x(1, 2, 3, 4));
  CHECK(eval(cast<bool>(x - x))(0, 0, 0, 0) == false);
  struct shifted {
    T by;
    T operator()(T v) const { return v + by; }
  };
  CHECK(eval(apply_each(shifted{T(3)}, x))(1, 3, 2, 1) == x(1, 3, 2, 1) + T(3));
}
