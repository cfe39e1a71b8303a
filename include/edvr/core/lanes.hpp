// SPDX-License-Identifier: Apache-2.0
// Several neighbouring elements at once. A node called with a coord gives a value, called with lanes it gives a pack.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "edvr/core/dtype.hpp"
#include "edvr/core/shape.hpp"

namespace edvr::inline v1 {

/// W neighbours along one axis, the first of them at `at`. Used only where every tensor of a tree has them side by side in memory:
/// that is asked once per sweep, because a branch at every leaf would keep packs out of registers.
template <int W, int R, int Axis>
struct lanes {
  coord<R> at;
};

/// W values. A plain array, so that it is passed the same way whatever instruction set a function is compiled for.
template <class T, int W>
struct alignas(static_cast<std::size_t>(W) * sizeof(T)) pack {
  T lane[static_cast<std::size_t>(W)];
};

/// Types that packs hold. Others (dual numbers, say) take the one-value path, with the same results.
template <class T>
inline constexpr bool packable = std::is_same_v<T, float> || std::is_same_v<T, double> || (std::is_integral_v<T> && sizeof(T) <= 8);

namespace detail {
/// One whole-vector move. GCC keeps a 64-byte memcpy in memory, which stops packs from living in registers.
template <int W, class T>
EDVR_HD void move_pack(T* to, T const* from) {
#if defined(__GNUC__) && !defined(__CUDACC__)
  if constexpr (!std::is_same_v<T, bool>) {
    typedef T vec __attribute__((vector_size(W * sizeof(T)), aligned(alignof(T)), may_alias));
    *reinterpret_cast<vec*>(to) = *reinterpret_cast<vec const*>(from);
  } else
#endif
#ifdef __CUDA_ARCH__  // sixteen bytes at once: whoever launches packs has asked for their alignment
    *reinterpret_cast<pack<T, W>*>(to) = *reinterpret_cast<pack<T, W> const*>(from);
#else
  std::memcpy(to, from, W * sizeof(T));
#endif
}

#if defined(__GNUC__) && !defined(__CUDACC__)
template <int W>
struct vectors {
  typedef float f32 __attribute__((vector_size(W * 4), aligned(4), may_alias));
  typedef std::uint32_t u32 __attribute__((vector_size(W * 4), aligned(4), may_alias));
  typedef std::uint16_t u16 __attribute__((vector_size(W * 2), aligned(2), may_alias));
};
/// The same between storage of 16 bits and float.
template <int W>
EDVR_HD void move_pack(float* to, bfloat16 const* from) {
  using v = vectors<W>;
  *reinterpret_cast<typename v::u32*>(to) = __builtin_convertvector(*reinterpret_cast<typename v::u16 const*>(from), typename v::u32) << 16;
}
template <int W>
EDVR_HD void move_pack(bfloat16* to, float const* from) {
  using v = vectors<W>;
  auto const bits = *reinterpret_cast<typename v::u32 const*>(from);
  auto const value = *reinterpret_cast<typename v::f32 const*>(from);
  typename v::u32 const rounded = value != value ? bits | 0x400000u : bits + 0x7fffu + ((bits >> 16) & 1u);
  *reinterpret_cast<typename v::u16*>(to) = __builtin_convertvector(rounded >> 16, typename v::u16);
}
template <int W>
EDVR_HD void move_pack(float* to, float16 const* from) {  // from_float16 of every lane
  using v = vectors<W>;
  auto const bits = __builtin_convertvector(*reinterpret_cast<typename v::u16 const*>(from), typename v::u32);
  typename v::u32 const sign = (bits & 0x8000u) << 16, size = bits & 0x7fffu, exponent = size & 0x7c00u;
  typename v::f32 const small = __builtin_convertvector(size, typename v::f32) * 0x1p-24f;
  typename v::u32 const normal = (size << 13) + 0x38000000u, special = (size << 13) | 0x7f800000u;
  typename v::u32 const value = exponent == 0 ? reinterpret_cast<typename v::u32>(small) : exponent == 0x7c00u ? special : normal;
  *reinterpret_cast<typename v::u32*>(to) = sign | value;
}
template <int W>
EDVR_HD void move_pack(float16* to, float const* from) {  // to_float16 of every lane
  using v = vectors<W>;
  auto const bits = *reinterpret_cast<typename v::u32 const*>(from);
  typename v::u32 const sign = bits >> 16 & 0x8000u, size = bits & 0x7fffffffu;
  typename v::u32 const normal = (size - 0x38000000u + 0xfffu + (size >> 13 & 1u)) >> 13;
  typename v::f32 const shifted = reinterpret_cast<typename v::f32>(size) + 0.5f;
  typename v::u32 const subnormal = reinterpret_cast<typename v::u32>(shifted) - 0x3f000000u;
  typename v::u32 const nan = 0x7e00u | (size >> 13 & 0x3ffu), infinity = size - size + 0x7c00u;
  typename v::u32 const finite = size >= 0x38800000u ? normal : subnormal;
  typename v::u32 const r = size > 0x7f800000u ? nan : size >= 0x477ff000u ? infinity : finite;
  *reinterpret_cast<typename v::u16*>(to) = __builtin_convertvector(sign | r, typename v::u16);
}
#else
template <int W, sixteen_bits T>
EDVR_HD void move_pack(float* to, T const* from) {
  for (int i = 0; i < W; ++i) to[i] = from[i];
}
template <int W, sixteen_bits T>
EDVR_HD void move_pack(T* to, float const* from) {
  for (int i = 0; i < W; ++i) to[i] = T(from[i]);
}
#endif

template <class T>
EDVR_HD T const& lane_of(T const& x, int) {
  return x;
}
template <class T, int W>
EDVR_HD T lane_of(pack<T, W> const& x, int i) {
  return x.lane[i];
}
template <class T>
inline constexpr int pack_width = 0;
template <class T, int W>
inline constexpr int pack_width<pack<T, W>> = W;
}  // namespace detail

/// f on values, or lane by lane on packs: a functor is written for one value. Where that does not vectorise, a functor of floats may
/// also offer vector(result, operands...) on GNU vectors, by reference.
template <class F, class... A>
EDVR_HD auto apply(F const& f, A const&... a) {
  constexpr int W = (detail::pack_width<A> | ...);
  if constexpr (W > 0) {
    using R = std::remove_cvref_t<decltype(f(detail::lane_of(a, 0)...))>;
    pack<R, W> r;
#if defined(__GNUC__) && !defined(__CUDACC__)
    if constexpr (std::is_same_v<R, float> && (std::is_same_v<A, pack<float, W>> && ...)) {
      typedef float vec __attribute__((vector_size(W * sizeof(float))));
      if constexpr (requires(vec v) { f.vector(v, reinterpret_cast<vec const&>(a)...); }) {
        f.vector(reinterpret_cast<vec&>(r), reinterpret_cast<vec const&>(a)...);
        return r;
      }
    }
#endif
    EDVR_LANES
    for (int i = 0; i < W; ++i) r.lane[i] = f(detail::lane_of(a, i)...);
    return r;
  } else {
    return f(a...);
  }
}

}  // namespace edvr::v1
