// SPDX-License-Identifier: Apache-2.0
// The algorithms that one op may have, their names, and the one place where the default is chosen.
#pragma once
#include <string_view>
#include <type_traits>

#include "edvr/core/dtype.hpp"
#include "edvr/core/storage.hpp"
#include "edvr/ops/conv2d_params.hpp"

namespace edvr::inline v1 {

/// Given as the last argument, a tag names an algorithm: conv2d(x, w, b,
/// p, algo::reference{}). All agree within rounding (docs/numerics.md).
namespace algo {
struct automatic {};  // choose() below
struct reference {};  // the plain sum, one output element after the other: runs everywhere, obviously right
struct im2col {};     // columns of a band of pixels, then a matrix product: float and double, on a CPU also a number type of your own
struct direct {};     // a panel of pixels that stays in cache, times packed weights in registers: float, float16 and bfloat16 on a CPU
struct winograd {};   // F(4x4, 3x3), a quarter of the multiplications: float, float16 and bfloat16 on a CPU, 3x3 windows that move by 1
}  // namespace algo

enum class algorithm { reference, im2col, direct, winograd };
constexpr std::string_view name(algorithm a) {
  constexpr std::string_view names[] = {"reference", "im2col", "direct", "winograd"};
  return names[static_cast<int>(a)];
}

namespace detail {
/// Elements and a space for which the vector kernels are compiled.
template <class T, class S>
inline constexpr bool has_vector_kernels = EDVR_VECTOR_KERNELS && std::is_same_v<S, cpu> && std::is_same_v<arithmetic_t<T>, float>;

/// Those that have a matrix product. Integers have none, for theirs would have to wrap.
template <class T, class S>
inline constexpr bool has_gemm =
    std::is_same_v<T, float> || std::is_same_v<T, double> || (std::is_same_v<S, cpu> && !sixteen_bits<T> && !std::is_integral_v<T>);

template <class Algo>
inline constexpr bool needs_vector_kernels = std::is_same_v<Algo, algo::direct> || std::is_same_v<Algo, algo::winograd>;

constexpr bool winograd_can(coord<4> const& weight, conv2d_params const& p) {
  return weight[2] == 3 && weight[3] == 3 && p.stride.y == 1 && p.stride.x == 1 && p.dilation.y == 1 && p.dilation.x == 1 && p.groups == 1;
}
/// Fewer channels than this and the transforms cost more than they save.
inline constexpr index_t winograd_channels = 16;
}  // namespace detail

/// What algo::automatic means for conv2d, deform_conv2d and matmul with weights of T in space S: a matter of types first, so that a tree
/// holds the code of one family. Element types other than float, double and those of 16 bits have no fast matrix product.
template <class Algo, class T, class S>
constexpr algorithm choose() {
  if (std::is_same_v<Algo, algo::reference>) return algorithm::reference;
  if (std::is_same_v<Algo, algo::im2col>) return algorithm::im2col;
  if (detail::has_vector_kernels<T, S>) return std::is_same_v<Algo, algo::winograd> ? algorithm::winograd : algorithm::direct;
  return std::is_same_v<T, float> || std::is_same_v<T, double> ? algorithm::im2col : algorithm::reference;
}
/// What it means for one conv2d: where the vector kernels are, the shape decides between them.
template <class Algo, class T, class S>
constexpr algorithm choose_conv2d(coord<4> const& weight, conv2d_params const& p) {
  algorithm const a = choose<Algo, T, S>();
  bool const deep = weight[0] >= detail::winograd_channels && weight[1] >= detail::winograd_channels;
  return a == algorithm::direct && !std::is_same_v<Algo, algo::direct> && deep && detail::winograd_can(weight, p) ? algorithm::winograd : a;
}

}  // namespace edvr::v1
