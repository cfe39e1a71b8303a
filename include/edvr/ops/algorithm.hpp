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

/// What algo::automatic means for conv2d, deform_conv2d and matmul on elements T in space S: a matter of types, so that a tree holds the code
/// of one algorithm. Element types other than float and double have no fast matrix product.
template <class Algo, class T, class S>
constexpr algorithm choose() {
  if (std::is_same_v<Algo, algo::reference>) return algorithm::reference;
  if (std::is_same_v<Algo, algo::im2col>) return algorithm::im2col;
  return std::is_same_v<S, cpu> && (std::is_same_v<T, float> || std::is_same_v<T, double>) ? algorithm::im2col : algorithm::reference;
}

}  // namespace edvr::v1
