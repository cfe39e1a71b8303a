// SPDX-License-Identifier: Apache-2.0
// float16 and bfloat16: what they round to, and tensors of them.
#include <array>
#include <bit>
#include <sstream>

#include "support.hpp"
using namespace edvr;

namespace {
template <class T>
std::uint16_t bits_of(T v) {
  return v.bits;
}
template <class T>
T of_bits(std::uint32_t bits) {
  T v;
  v.bits = static_cast<std::uint16_t>(bits);
  return v;
}
/// Is r the T nearest to v, and of two as near ones the even?
template <class T>
bool is_nearest(float v, T r) {
  double const wanted = v, error = std::fabs(static_cast<double>(static_cast<float>(r)) - wanted);
  for (int step : {-1, 1}) {
    T const other = of_bits<T>(static_cast<std::uint32_t>(r.bits + step));
    if (std::isnan(static_cast<float>(other)) || ((other.bits ^ r.bits) & 0x8000)) continue;
    double const beside = std::fabs(static_cast<double>(static_cast<float>(other)) - wanted);
    if (beside < error || (beside == error && (r.bits & 1))) return false;
  }
  return true;
}
/// f(value, stored): one by one and in vectors of every instruction set.
template <class T, class F>
void for_every_way(tensor<float, 1> const& x, F const& f) {
  for (index_t i = 0; i < x.size(); ++i) f(x(i), T(x(i)));
  for (auto isa : supported_instruction_sets()) {
    auto const y = eval<T>(x, cpu_executor{.isa = isa});
    for (index_t i = 0; i < x.size(); ++i) f(x(i), y(i));
  }
}
}  // namespace

TEST_CASE_TEMPLATE("sixteen bits: every one of the 65536 is its float and comes back, NaN as NaN, one by one and in vectors", T, float16,
                   bfloat16) {
  auto const all = empty<T>({65536});
  for (std::uint32_t b = 0; b < 65536; ++b) all(b) = of_bits<T>(b);
  for (auto isa : supported_instruction_sets()) {
    cpu_executor const ex{.isa = isa};
    auto const wide = to<float>(all, ex);
    auto const back = to<T>(wide, ex);
    for (std::uint32_t b = 0; b < 65536; ++b) {
      auto const f = static_cast<float>(of_bits<T>(b));
      if (std::isnan(f)) {
        if (!std::isnan(wide(b)) || !std::isnan(static_cast<float>(back(b))) || !std::isnan(static_cast<float>(T(f))))
          FAIL_CHECK("bits " << b);
      } else if (std::bit_cast<std::uint32_t>(f) != std::bit_cast<std::uint32_t>(wide(b)) || T(f).bits != b || back(b).bits != b) {
        FAIL_CHECK("bits " << b);
      }
    }
  }
  CHECK(static_cast<float>(of_bits<float16>(0x3555)) == 0.333251953125f);
  CHECK(static_cast<float>(of_bits<float16>(0x0001)) == 0x1p-24f);
  CHECK(static_cast<float>(of_bits<float16>(0x03ff)) == 1023 * 0x1p-24f);
  CHECK(static_cast<float>(of_bits<float16>(0xfbff)) == -65504.f);
}
TEST_CASE_TEMPLATE("sixteen bits: a float goes to the nearest one, ties to the even one", T, float16, bfloat16) {
  auto const x = normal<float>({20000}, 1);
  constexpr bool paired = std::is_same_v<T, bfloat16>;
  int const range = paired ? 200 : 40;
  for (index_t i = 0; i < x.size(); ++i) x(i) *= std::ldexp(1.f, static_cast<int>(i % range) - range / 2);
  for_every_way<T>(x, [](float v, T r) {
    if ((paired || std::fabs(v) < 65504) && !is_nearest(v, r)) FAIL_CHECK(v << " became " << static_cast<float>(r));
  });
  auto const ties = empty<float>({30000});  // half-way between neighbours, and a bit to either side
  for (index_t i = 0; i < ties.size(); ++i) {
    auto const b = static_cast<std::uint32_t>(i / 3 * 3 + 1);
    double const middle = 0.5 * (static_cast<double>(of_bits<T>(b)) + static_cast<double>(of_bits<T>(b + 1)));
    ties(i) = static_cast<float>(middle);
    if (i % 3 != 1) ties(i) = std::nextafterf(ties(i), i % 3 ? HUGE_VALF : 0);
  }
  for_every_way<T>(ties, [](float v, T r) {
    if (std::fabs(v) > 1e-37f && !is_nearest(v, r)) FAIL_CHECK(v << " became " << static_cast<float>(r));
  });
  auto const edge = from({65503.99f, 65504.f, 65519.99f, 65520.f, 65536.f, 1e30f, HUGE_VALF, -65519.99f, -65520.f, -HUGE_VALF, 0x1p-25f,
                          0x1.000002p-25f, 0x1.8p-24f, 0x1.ffdp-15f, 0x1.fffp-15f, 0x1p-14f},
                         {16});
  if (!paired)
    for_every_way<T>(edge, [](float v, T r) {
      float const size = std::fabs(v);
      if (size >= 65520 ? (r.bits & 0x7fff) != 0x7c00 : size >= 65504 ? (r.bits & 0x7fff) != 0x7bff : !is_nearest(v, r))
        FAIL_CHECK(v << " became " << static_cast<float>(r));
    });
  CHECK(bits_of(float16(1 + 0x1p-11 + 0x1p-40)) == 0x3c01);  // a double is rounded once
  CHECK(bits_of(float16(-1 - 0x1p-11 - 0x1p-40)) == 0xbc01);
  CHECK(bits_of(float16(1 + 0x1p-11 - 0x1p-40)) == 0x3c00);
  CHECK(bits_of(float16(65519.9999999)) == 0x7bff);
  CHECK(bits_of(bfloat16(1 + 0x1p-8 + 0x1p-40)) == 0x3f81);
  CHECK(bits_of(float16(1e300)) == 0x7c00);
  CHECK(bits_of(T(-0.f)) == 0x8000);
  for (std::uint32_t nan : {0x7f800001u, 0x7fffffffu, 0xff80ffffu, 0xffffffffu})
    CHECK(std::isnan(static_cast<float>(T(std::bit_cast<float>(nan)))));
  CHECK(bits_of(bfloat16(std::bit_cast<float>(0x3f808000u))) == 0x3f80);  // half-way: down to the even
  CHECK(bits_of(bfloat16(std::bit_cast<float>(0x3f818000u))) == 0x3f82);  // half-way: up to the even
  CHECK(bits_of(bfloat16(std::bit_cast<float>(0x3f808001u))) == 0x3f81);
  CHECK(std::isinf(static_cast<float>(bfloat16(3.4e38f))));
  CHECK(static_cast<float>(float16(65519.99f)) == 65504.f);
  CHECK(std::isinf(static_cast<float>(float16(65520.f))));
  CHECK(bits_of(float16(-HUGE_VALF)) == 0xfc00);
  CHECK(bits_of(float16(0x1p-25f)) == 0);
  CHECK(bits_of(float16(0x1.8p-24f)) == 2);
  CHECK(bits_of(float16(std::nextafterf(0x1p-25f, 1))) == 1);
}
TEST_CASE_TEMPLATE(
    "tensors of sixteen bits are expressions of float that round where they are stored, the same one by one, in vectors and for every instruction set",
    T, float16, bfloat16) {
  for (auto isa : supported_instruction_sets()) {
    cpu_executor const ex{.isa = isa};
    auto const x = normal<float>({2, 37, 5, 7}, 1), y = to_channels_last(normal<float>({2, 37, 5, 7}, 2));
    x(0, 0, 0, 0) = std::nanf(""), x(1, 36, 4, 6) = HUGE_VALF, x(0, 1, 2, 3) = 1e-40f;
    std::uint32_t const special[] = {0x7fffffffu, 0x7f800001u, 0xffffffffu, 0x7f800000u, 0xff800000u,
                                     0x3f808000u, 0x3f818000u, 0x7f7fffffu, 0x80000001u};
    for (index_t i = 0; i < 9; ++i) y(0, 3 + i, 2, 2) = std::bit_cast<float>(special[i]);  // side by side in memory
    auto const a = eval<T>(x, ex);
    static_assert(std::is_same_v<decltype(a), tensor<T, 4> const>);
    static_assert(std::is_same_v<value_t<tensor<T, 4>>, float>);
    auto const b = to<T>(y, ex);
    CHECK(b.is_channels_last());
    auto const twice = eval(2.f * b, ex);
    auto const sum = eval(2.f * a + b, ex);
    auto const stored = eval<T>(2.f * a + b, ex);
    for (index_t n = 0; n < 2; ++n)
      for (index_t c = 0; c < 37; ++c)
        for (index_t h = 0; h < 5; ++h)
          for (index_t w = 0; w < 7; ++w) {
            float const alone = twice(n, c, h, w), of_b = 2.f * static_cast<float>(b(n, c, h, w));
            if (!(alone == of_b || (std::isnan(of_b) && std::isnan(alone)))) FAIL_CHECK("read in a vector at " << c);
            if (bits_of(a(n, c, h, w)) != bits_of(T(x(n, c, h, w))) || bits_of(b(n, c, h, w)) != bits_of(T(y(n, c, h, w))))
              FAIL_CHECK("stored at " << c);
            float const want = 2.f * static_cast<float>(a(n, c, h, w)) + static_cast<float>(b(n, c, h, w));
            if (!(sum(n, c, h, w) == want || (std::isnan(want) && std::isnan(sum(n, c, h, w))))) FAIL_CHECK("read at " << c);
            if (bits_of(stored(n, c, h, w)) != bits_of(T(sum(n, c, h, w)))) FAIL_CHECK("rounded at " << c);
          }
  }
}
TEST_CASE("sixteen bits: integers that no float holds are rounded once") {
  CHECK(bfloat16((1 << 24) + (1 << 16) + 1).bits == bfloat16(0x1.02p24f).bits);
  CHECK(bfloat16((1 << 24) + (1 << 16)).bits == bfloat16(0x1p24f).bits);
  CHECK(bfloat16(-(1 << 24) - (1 << 16) - 1).bits == bfloat16(-0x1.02p24f).bits);
  for (std::int64_t e : {30, 53, 54, 60}) {
    std::int64_t const one = std::int64_t{1} << e, tie = one + (one >> 8);
    CHECK(bfloat16(tie).bits == bfloat16(static_cast<double>(one)).bits);
    CHECK(bfloat16(tie + 1).bits == bfloat16(std::ldexp(1 + 0x1p-7, static_cast<int>(e))).bits);
    CHECK(bfloat16(-tie - 1).bits == bfloat16(-std::ldexp(1 + 0x1p-7, static_cast<int>(e))).bits);
    CHECK(bfloat16(tie - 1).bits == bfloat16(static_cast<double>(one)).bits);
    CHECK(bfloat16(1 - tie).bits == bfloat16(static_cast<double>(-one)).bits);
  }
  CHECK(bfloat16(~std::uint64_t{0}).bits == bfloat16(0x1p64).bits);
  CHECK(bfloat16(std::numeric_limits<std::int64_t>::min()).bits == bfloat16(-0x1p63).bits);
  CHECK(static_cast<float>(float16(2049)) == 2048);
  CHECK(static_cast<float>(float16(std::int64_t{2051})) == 2052);
  CHECK(static_cast<float>(float16(true)) == 1);
}
TEST_CASE_TEMPLATE("tensors of sixteen bits: views, assignment, copies, printing, no elements", T, float16, bfloat16) {
  auto const x = eval<T>(normal<float>({3, 8, 4}, 1));
  auto const f = to<float>(x);
  CHECK(allclose(f, x, 0, 0));
  CHECK(to<T>(x).data() == x.data());
  CHECK(clone(x).data() != x.data());
  CHECK(allclose(eval(permute(x, {2, 0, 1})), permute(f, {2, 0, 1}), 0, 0));
  auto const part = slice(x, 1, 2, 5);
  assign(part, part * 2.f);  // in place
  CHECK(allclose(part, slice(f, 1, 2, 5) * 2.f, 0, 0));
  assign(f, x + f * 0.f);
  CHECK(allclose(f, x, 0, 0));
  CHECK_THROWS_AS(assign(slice(x, 0, 0, 2), slice(x, 0, 1, 3) + 1.f), alias_error);
  CHECK(eval<T>(zeros<float>({0, 3})).empty());
  CHECK(eval(max(x))() == eval(max(f))());
  CHECK(static_cast<float>(arange<T>(5)(4)) == 4.f);
  any_tensor const kept(x);
  CHECK(kept.type() == any_tensor::dtype_of<T>());
  CHECK(allclose(kept.template to<float, 3>(), x, 0, 0));
  CHECK(allclose(kept.template to<T, 3>(), x, 0, 0));
  std::ostringstream out;
  out << eval<T>(from({1.f, 2.5f}, {2}));
  CHECK(out.str() == "(2) [1, 2.5]");
}
