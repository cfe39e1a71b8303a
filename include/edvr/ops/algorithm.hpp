// SPDX-License-Identifier: Apache-2.0
// The algorithms that one op may have, their names, and the one place where the default is chosen.
#pragma once
#include <string_view>
#include <type_traits>

#include "edvr/core/storage.hpp"

namespace edvr::inline v1 {

/// Given before the executor, a tag names an algorithm: conv2d(x, w, b, p, algo::reference{}). All agree within rounding.
namespace algo {
struct automatic {};  // choose() below
struct reference {};  // the plain sum, one output element after the other: runs everywhere, obviously right
struct im2col {};     // columns of a band of pixels, then a matrix product
}  // namespace algo

enum class algorithm { reference, im2col };
constexpr std::string_view name(algorithm a) { return a == algorithm::reference ? "reference" : "im2col"; }

/// What algo::automatic means for a convolution, deformable or not, with these channels per group. One input and output channel a group
/// (depthwise) leaves a matrix product nothing to do; other element types than float and double have no fast one.
template <class T, class S>
constexpr algorithm choose(index_t in_per_group, index_t out_per_group) {
  if constexpr (std::is_same_v<S, cpu> && (std::is_same_v<T, float> || std::is_same_v<T, double>))
    return in_per_group == 1 && out_per_group == 1 ? algorithm::reference : algorithm::im2col;
  else
    return algorithm::reference;
}
template <class Algo, class T, class S>
constexpr algorithm choose(index_t in_per_group, index_t out_per_group) {
  if constexpr (std::is_same_v<Algo, algo::reference>)
    return algorithm::reference;
  else if constexpr (std::is_same_v<Algo, algo::im2col>)
    return algorithm::im2col;
  else
    return choose<T, S>(in_per_group, out_per_group);
}

}  // namespace edvr::v1
