// SPDX-License-Identifier: Apache-2.0
// What a translated kernel (translate.py) sees of a GPU: registers as bits,
// memory in its spaces, the threads beside it. Every access is checked.
#pragma once
#include <atomic>
#include <barrier>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <type_traits>
#include <vector>

namespace ptx {

/// Prints what a kernel did wrong, and which kernel, and aborts: a test that reaches it has failed.
[[noreturn]] void fault(char const* what, std::uint64_t address = 0);

// ---- registers --------------------------------------------------------------------------------------------------------------------------

/// A register's bits, or as many of its lower ones as T has, as T.
template <class T, class Register>
T as(Register r) {
  if constexpr (sizeof(T) == sizeof(Register))
    return std::bit_cast<T>(r);
  else {
    static_assert(std::is_integral_v<T> && sizeof(T) < sizeof(Register), "an operand wider than its register");
    return static_cast<T>(r);
  }
}
/// A register takes a value's bits; an integer narrower than it is extended by its sign.
template <class Register, class T>
void put(Register& r, T v) {
  if constexpr (std::is_floating_point_v<T>)
    r = std::bit_cast<Register>(v);
  else {
    static_assert(sizeof(T) <= sizeof(Register), "a result wider than its register");
    r = static_cast<Register>(v);
  }
}
template <class T>
T load_at(void const* p) {
  T t;
  std::memcpy(&t, p, sizeof t);
  return t;
}
template <class T>
void store_at(void* p, T t) {
  std::memcpy(p, &t, sizeof t);
}

// ---- arithmetic that C++ leaves undefined, or does otherwise ----------------------------------------------------------------------------

template <class T>
T shifted_left(T v, std::uint32_t n) {
  return n >= sizeof(T) * 8 ? T(0) : T(v << n);
}
template <class T>
T shifted_right(T v, std::uint32_t n) {
  constexpr std::uint32_t bits = sizeof(T) * 8;
  return n < bits ? T(v >> n) : std::is_signed_v<T> ? T(v >> (bits - 1)) : T(0);
}
template <class T>
T quotient(T a, T b) {
  if (b == 0) fault("division of integers by zero");
  return std::is_signed_v<T> && b == T(-1) ? T(0 - std::make_unsigned_t<T>(a)) : T(a / b);
}
template <class T>
T remainder_of(T a, T b) {
  if (b == 0) fault("remainder of a division by zero");
  return std::is_signed_v<T> && b == T(-1) ? T(0) : T(a % b);
}
template <class T>
T high_product(T a, T b) {
  using wide = std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;
  return static_cast<T>((wide(a) * wide(b)) >> (sizeof(T) * 8));
}
template <class T>
T smaller(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return std::fmin(a, b);
  else
    return b < a ? b : a;
}
template <class T>
T larger(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return std::fmax(a, b);
  else
    return a < b ? b : a;
}
/// Four bytes of the eight of (b, a): each nibble of the selector names one, its top bit asks for copies of that byte's sign.
inline std::uint32_t permuted(std::uint32_t a, std::uint32_t b, std::uint32_t selector) {
  std::uint64_t const bytes = std::uint64_t{b} << 32 | a;
  std::uint32_t r = 0;
  for (unsigned i = 0; i < 4; ++i) {
    unsigned const nibble = selector >> (4 * i) & 15;
    auto const byte = static_cast<std::uint32_t>(bytes >> (8 * (nibble & 7)) & 255);
    r |= (nibble & 8 ? (byte & 128 ? 255u : 0u) : byte) << (8 * i);
  }
  return r;
}
/// a * b + c rounded downwards.
float fma_down(float a, float b, float c);
inline float flushed(float v) { return std::fpclassify(v) == FP_SUBNORMAL ? std::copysign(0.f, v) : v; }
template <class T>
T into_unit_interval(T v) {
  return v > T(0) ? (v < T(1) ? v : T(1)) : T(0);  // and 0 for a NaN
}
/// The upper 32 bits of a double, the lower ones 0: what rcp.approx.ftz.f64 gives.
inline double high_word(double v) { return std::bit_cast<double>(std::bit_cast<std::uint64_t>(v) & 0xffffffff00000000u); }
/// To the nearest; a float becomes the nearest integer that the type has, and a NaN 0, or the lowest bit pattern with only the top bit set
/// where either type has 64 bits.
template <class To, class From>
To converted(From v) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    using limits = std::numeric_limits<To>;
    if (v != v) return sizeof(From) == 8 || sizeof(To) == 8 ? To(To(1) << (sizeof(To) * 8 - 1)) : To(0);
    if (v >= std::ldexp(From(1), limits::digits)) return limits::max();
    if (v <= static_cast<From>(limits::min())) return limits::min();
  }
  return static_cast<To>(v);
}

// ---- threads ----------------------------------------------------------------------------------------------------------------------------

struct three {
  std::uint32_t x = 1, y = 1, z = 1;
  std::uint64_t product() const { return std::uint64_t{x} * y * z; }
};
struct warp {
  explicit warp(int lanes) : together(lanes), lanes(lanes) {}
  std::barrier<> together;
  std::atomic<int> lanes;  // that have not ended
  std::uint32_t slots[2][32] = {};
};
struct block {
  three index, threads, grid;
  std::vector<unsigned char> shared;
  std::unique_ptr<std::barrier<>> together;  // null for kernels whose threads do not wait
  std::vector<std::unique_ptr<warp>> warps;
};
enum class shuffle_mode { up, down, bfly, idx };

struct thread {
  three tid;
  ptx::block* block;
  std::uint32_t number;  // in the block
  unsigned turn = 0;     // of the warp's two rows of slots

  std::uint32_t lane() const { return number % 32; }
  /// n bytes of device memory; faults if they are not inside one live allocation, or not aligned.
  unsigned char* global(std::uint64_t address, std::size_t n) const;
  unsigned char* shared(std::uint64_t offset, std::size_t n) const {
    if (offset % n != 0) fault("misaligned access to shared memory", offset);
    if (offset + n > block->shared.size()) fault("access beyond the block's shared memory", offset);
    return block->shared.data() + offset;
  }
  /// Parameters, and variables of the thread.
  unsigned char* own(std::uint64_t address, std::size_t n) const {
    if (address % n != 0) fault("misaligned access to a thread's own memory", address);
    return reinterpret_cast<unsigned char*>(address);
  }
  void wait_for_block() const { block->together->arrive_and_wait(); }
  /// What another lane holds in v; inside: is there such a lane in the segment? All lanes take part.
  std::uint32_t shuffle(shuffle_mode mode, std::uint32_t v, std::uint32_t b, std::uint32_t c, std::uint32_t mask, bool& inside) {
    warp& w = *block->warps[number / 32];
    if (mask != 0xffffffffu || w.lanes != 32) fault("a shuffle of some lanes only, which this machine does not know");
    auto* const slots = w.slots[turn++ & 1];
    slots[lane()] = v;
    w.together.arrive_and_wait();
    std::uint32_t const segment = (c >> 8) & 31, clamp = c & 31, first = lane() & segment, last = first | (clamp & ~segment);
    b &= 31;
    int from = 0;
    switch (mode) {
      case shuffle_mode::up: from = static_cast<int>(lane()) - static_cast<int>(b), inside = from >= static_cast<int>(last); break;
      case shuffle_mode::down: from = static_cast<int>(lane() + b), inside = from <= static_cast<int>(last); break;
      case shuffle_mode::bfly: from = static_cast<int>(lane() ^ b), inside = from <= static_cast<int>(last); break;
      case shuffle_mode::idx: from = static_cast<int>(first | (b & ~segment)), inside = from <= static_cast<int>(last); break;
    }
    return slots[inside ? static_cast<std::uint32_t>(from) : lane()];
  }
};

// ---- kernels ----------------------------------------------------------------------------------------------------------------------------

struct kernel {
  char const* name;
  void (*run)(void** arguments, thread&);
  bool together;       // do its threads wait for each other?
  std::size_t shared;  // bytes
  std::uint64_t max_threads;
};
/// Makes the kernels of one translated file known to the runtime.
struct registration {
  registration(kernel const* kernels, std::size_t n);
};

}  // namespace ptx
