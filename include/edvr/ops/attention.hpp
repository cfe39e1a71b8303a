// SPDX-License-Identifier: Apache-2.0
// The two gates of EDVR's fusion stage (Wang et al., CVPRW 2019, section 3.3).
#pragma once
#include <utility>

#include "edvr/ops/arithmetic.hpp"
#include "edvr/ops/reduce.hpp"
#include "edvr/ops/sigmoid.hpp"

namespace edvr::inline v1 {

/// How alike a frame's embedding is to the reference frame's, pixel by pixel: sigmoid(sum over channels of embedding * reference), eq. 8.
/// embedding, reference (n, c, h, w); returns (n, 1, h, w). Lazy, heavy.
template <has_rank<4> A, has_rank<4> B>
auto temporal_attention(A&& embedding, B&& reference) {
  return sigmoid(correlation(std::forward<A>(embedding), std::forward<B>(reference), 1));
}
/// x * attention, one attention map (n, 1, h, w) for all channels of x (n, c, h, w), eq. 9. Lazy; evaluate a computed attention map first.
template <has_rank<4> X, has_rank<4> A>
auto temporal_attention_gate(X&& x, A&& attention) {
  return std::forward<X>(x) * std::forward<A>(attention);
}
/// x * sigmoid(attention) * 2 + add: the factor 2 keeps x where the attention is zero. All (n, c, h, w). Lazy. Eq. 11, as published code has it.
template <has_rank<4> X, has_rank<4> A, has_rank<4> B>
auto spatial_attention_gate(X&& x, A&& attention, B&& add) {
  return std::forward<X>(x) * sigmoid(std::forward<A>(attention)) * value_t<X>(2) + std::forward<B>(add);
}

}  // namespace edvr::v1
