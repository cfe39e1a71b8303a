// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>
#include <sstream>

#include "support.hpp"
using namespace edvr;

namespace {
std::uint16_t bits_of(bfloat16 v) { return v.bits; }
}  // namespace

TEST_CASE("bfloat16: every one of the 65536 is its float and comes back, NaN as NaN") {
  for (std::uint32_t b = 0; b < 65536; ++b) {
    auto const bits = static_cast<std::uint16_t>(b);
    bfloat16 v;
    v.bits = bits;
    auto const f = static_cast<float>(v);
    if (std::isnan(f))
      CHECK(std::isnan(static_cast<float>(bfloat16(f))));
    else if (bfloat16(f).bits != bits)
      FAIL_CHECK("bits " << b);
  }
}
TEST_CASE("bfloat16: a float goes to the nearest one, ties to the even one") {
  auto const x = normal<float>({20000}, 1);
  for (index_t i = 0; i < x.size(); ++i) {
    float const v = x(i) * std::ldexp(1.f, static_cast<int>(i % 200) - 100), r = bfloat16(v);
    auto const bits = std::bit_cast<std::uint32_t>(v);
    float const below = std::bit_cast<float>(bits & 0xffff0000u), above = std::bit_cast<float>((bits & 0xffff0000u) + 0x10000u);
    if (std::fabs(r - v) > std::min(std::fabs(below - v), std::fabs(above - v))) FAIL_CHECK(v << " became " << r);
  }
  CHECK(bits_of(bfloat16(std::bit_cast<float>(0x3f808000u))) == 0x3f80);  // half-way: down to the even
  CHECK(bits_of(bfloat16(std::bit_cast<float>(0x3f818000u))) == 0x3f82);  // half-way: up to the even
  CHECK(bits_of(bfloat16(std::bit_cast<float>(0x3f808001u))) == 0x3f81);
  CHECK(std::isinf(static_cast<float>(bfloat16(3.4e38f))));
  CHECK(bits_of(bfloat16(-0.f)) == 0x8000);
  for (std::uint32_t nan : {0x7f800001u, 0x7fffffffu, 0xff80ffffu, 0xffffffffu}) CHECK(std::isnan(static_cast<float>(bfloat16(std::bit_cast<float>(nan)))));
}
TEST_CASE("tensors of bfloat16 are expressions of float that round where they are stored, the same one by one, in vectors and for every instruction set") {
  for (auto isa : supported_instruction_sets()) {
    cpu_executor const ex{.isa = isa};
    auto const x = normal<float>({2, 37, 5, 7}, 1), y = in_channels_last(normal<float>({2, 37, 5, 7}, 2));
    x(0, 0, 0, 0) = std::nanf(""), x(1, 36, 4, 6) = HUGE_VALF, x(0, 1, 2, 3) = 1e-40f;
    std::uint32_t const special[] = {0x7fffffffu, 0x7f800001u, 0xffffffffu, 0x7f800000u, 0xff800000u, 0x3f808000u, 0x3f818000u, 0x7f7fffffu, 0x80000001u};
    for (index_t i = 0; i < 9; ++i) y(0, 3 + i, 2, 2) = std::bit_cast<float>(special[i]);  // side by side in memory
    auto const a = eval<bfloat16>(x, ex);
    static_assert(std::is_same_v<decltype(a), tensor<bfloat16, 4> const>);
    static_assert(std::is_same_v<value_t<tensor<bfloat16, 4>>, float>);
    auto const b = to<bfloat16>(y, ex);
    CHECK(b.is_channels_last());
    auto const twice = eval(2.f * b, ex);
    auto const sum = eval(2.f * a + b, ex);
    auto const stored = eval<bfloat16>(2.f * a + b, ex);
    for (index_t n = 0; n < 2; ++n)
      for (index_t c = 0; c < 37; ++c)
        for (index_t h = 0; h < 5; ++h)
          for (index_t w = 0; w < 7; ++w) {
            float const alone = twice(n, c, h, w), of_b = 2.f * static_cast<float>(b(n, c, h, w));
            if (!(alone == of_b || (std::isnan(of_b) && std::isnan(alone)))) FAIL_CHECK("read in a vector at " << c);
            if (bits_of(a(n, c, h, w)) != bits_of(bfloat16(x(n, c, h, w))) || bits_of(b(n, c, h, w)) != bits_of(bfloat16(y(n, c, h, w)))) FAIL_CHECK("stored at " << c);
            float const want = 2.f * static_cast<float>(a(n, c, h, w)) + static_cast<float>(b(n, c, h, w));
            if (!(sum(n, c, h, w) == want || (std::isnan(want) && std::isnan(sum(n, c, h, w))))) FAIL_CHECK("read at " << c);
            if (bits_of(stored(n, c, h, w)) != bits_of(bfloat16(sum(n, c, h, w)))) FAIL_CHECK("rounded at " << c);
          }
  }
}
TEST_CASE("tensors of bfloat16: views, assignment, copies, printing, no elements") {
  auto const x = eval<bfloat16>(normal<float>({3, 8, 4}, 1));
  auto const f = to<float>(x);
  CHECK(allclose(f, x, 0, 0));
  CHECK(to<bfloat16>(x).data() == x.data());
  CHECK(clone(x).data() != x.data());
  CHECK(allclose(eval(permute(x, {2, 0, 1})), permute(f, {2, 0, 1}), 0, 0));
  auto const part = slice(x, 1, 2, 5);
  assign(part, part * 2.f);  // in place
  CHECK(allclose(part, slice(f, 1, 2, 5) * 2.f, 0, 0));
  assign(f, x + f * 0.f);
  CHECK(allclose(f, x, 0, 0));
  CHECK_THROWS_AS(assign(slice(x, 0, 0, 2), slice(x, 0, 1, 3) + 1.f), alias_error);
  CHECK(eval<bfloat16>(zeros<float>({0, 3})).empty());
  CHECK(eval(max(x))() <= 10.f);
  CHECK(static_cast<float>(arange<bfloat16>(5)(4)) == 4.f);
  any_tensor const kept(x);
  CHECK(kept.type() == dtype::bfloat16);
  CHECK(allclose(kept.to<float, 3>(), x, 0, 0));
  CHECK(allclose(kept.to<bfloat16, 3>(), x, 0, 0));
  std::ostringstream out;
  out << eval<bfloat16>(from({1.f, 2.5f}, {2}));
  CHECK(out.str() == "(2) [1, 2.5]");
}
