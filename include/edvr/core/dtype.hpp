// SPDX-License-Identifier: Apache-2.0
// Element types by name, the 16-bit ones that tensors may be stored in, the type sums are kept in, and the formats that weight files use.
#pragma once
#include <bit>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "edvr/config.hpp"
#include "edvr/core/error.hpp"

namespace edvr::inline v1 {

/// Element types a file may hold. float and double compute; float16 and bfloat16 store; the integer types store, compare
/// and compute as integers that wrap; bool stores and compares; int64 indexes.
enum class dtype { float64, float32, float16, bfloat16, int64, int32, int16, int8, uint8, boolean };

constexpr std::string_view name(dtype t) {
  constexpr std::string_view names[] = {"float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"};
  return names[static_cast<int>(t)];
}
constexpr std::int64_t size_of(dtype t) {
  constexpr std::int64_t sizes[] = {8, 4, 2, 2, 8, 4, 2, 1, 1, 1};
  return sizes[static_cast<int>(t)];
}
inline void append_text(std::string& to, dtype t) { to += name(t); }

namespace detail {
template <class T>
struct accumulate {
  using type = T;
};
template <>
struct accumulate<float> {
  using type = double;
};
template <std::integral T>
struct accumulate<T> {
  using type = std::int64_t;
};
}  // namespace detail
/// What a reduction over axes of T sums in: double for float, 64 bits for
/// integers and bool. Convolutions and products sum in arithmetic_t<T>.
template <class T>
using accumulate_t = typename detail::accumulate<T>::type;

namespace detail {
/// An integer as one that may overflow, modulo 2^32 or 2^64; anything else as it is.
template <class T>
EDVR_HD constexpr decltype(auto) wrapping(T const& a) {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
    return static_cast<std::common_type_t<unsigned, std::make_unsigned_t<T>>>(a);
  else
    return (a);
}
}  // namespace detail

/// The value of 16 bits in IEEE binary16, exact. Subnormal ones too, where the processor takes subnormal floats for zero.
EDVR_HD float from_float16(std::uint16_t bits) {
  std::uint32_t const sign = (bits & 0x8000u) << 16, size = bits & 0x7fffu, exponent = size & 0x7c00u;
  float const subnormal = static_cast<float>(size) * 0x1p-24f;
  std::uint32_t const normal = (size << 13) + 0x38000000u, special = size << 13 | 0x7f800000u;
  return std::bit_cast<float>(sign | (exponent == 0         ? std::bit_cast<std::uint32_t>(subnormal)
                                      : exponent == 0x7c00u ? special
                                                            : normal));  // no branch
}
/// The nearest binary16, ties to even: infinity from 65520 on, a NaN stays one.
EDVR_HD std::uint16_t to_float16(float v) {
  auto const bits = std::bit_cast<std::uint32_t>(v);
  std::uint32_t const sign = bits >> 16 & 0x8000u, size = bits & 0x7fffffffu;
  std::uint32_t const normal = (size - 0x38000000u + 0xfffu + (size >> 13 & 1u)) >> 13;
  std::uint32_t const subnormal =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(size) + 0.5f) - 0x3f000000u;  // the sum rounds to multiples of 2^-24
  std::uint32_t const r = size > 0x7f800000u    ? 0x7e00u | (size >> 13 & 0x3ffu)
                          : size >= 0x477ff000u ? 0x7c00u
                          : size >= 0x38800000u ? normal
                                                : subnormal;
  return static_cast<std::uint16_t>(sign | r);
}
/// The value of 16 bits in bfloat16: the upper half of a float.
EDVR_HD float from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
/// The nearest bfloat16, ties to even; a NaN stays one, whatever its bits.
EDVR_HD std::uint16_t to_bfloat16(float v) {
  auto const bits = std::bit_cast<std::uint32_t>(v);
  return static_cast<std::uint16_t>((v != v ? bits | 0x400000u : bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

/// A number as a float whose last bit is 1 if it is not exactly that: rounding it again, to fewer digits, gives what rounding v once would.
template <class T>
EDVR_HD float rounded_to_odd(T v) {
  if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
    constexpr auto most = static_cast<T>(std::int64_t{1} << 53);
    // Of more than a double holds: what it does hold, and in its last bit whether there is more.
    if (v > most || (std::is_signed_v<T> && v < T(0) - most)) v = static_cast<T>((v & ~T(0xfff)) | ((v & T(0xfff)) != 0 ? T(0x800) : T(0)));
    return rounded_to_odd(static_cast<double>(v));
  } else if constexpr (std::is_integral_v<T> && sizeof(T) == 4) {
    return rounded_to_odd(static_cast<double>(v));
  } else if constexpr (std::is_floating_point_v<T> && sizeof(T) > sizeof(float)) {
    auto const f = static_cast<float>(v);
    auto const bits = std::bit_cast<std::uint32_t>(f);
    T const back = static_cast<T>(f);
    if (back == v || f != f || (bits & 1u) != 0) return f;
    bool const too_large = v < 0 ? back < v : back > v;  // in size: then the odd neighbour is the smaller one
    return std::bit_cast<float>(too_large ? bits - 1 : bits + 1);
  } else {
    return static_cast<float>(v);
  }
}

/// 16 bits of storage for a float: its sign, exponent and first 7 bits of mantissa. Converts, and does nothing else: expressions read a
/// tensor of them as float, and round where they store.
struct bfloat16 {
  std::uint16_t bits;
  bfloat16() = default;
  EDVR_HD explicit bfloat16(float v) : bits(to_bfloat16(v)) {}
  template <class T>
    requires std::is_arithmetic_v<T>
  EDVR_HD explicit bfloat16(T v) : bfloat16(rounded_to_odd(v)) {}
  EDVR_HD operator float() const { return from_bfloat16(bits); }
};

/// 16 bits of storage for a float in IEEE binary16: 11 significant bits, from 6e-8 to 65504. Converts, as bfloat16, and does nothing else.
struct float16 {
  std::uint16_t bits;
  float16() = default;
  EDVR_HD explicit float16(float v) : bits(to_float16(v)) {}
  template <class T>
    requires std::is_arithmetic_v<T>
  EDVR_HD explicit float16(T v) : float16(rounded_to_odd(v)) {}
  EDVR_HD operator float() const { return from_float16(bits); }
};

/// Types that only store.
template <class T>
concept sixteen_bits = std::is_same_v<T, float16> || std::is_same_v<T, bfloat16>;
/// What elements stored as T are read, computed and summed as: float for the types of 16 bits, else T.
template <class T>
using arithmetic_t = std::conditional_t<sixteen_bits<T>, float, T>;
/// What convolutions multiply when their weights are stored as T: pairs of bfloat16 as they are, float16 as float, else T.
template <class T>
using factor_t = std::conditional_t<std::is_same_v<T, float16>, float, T>;

}  // namespace edvr::v1
