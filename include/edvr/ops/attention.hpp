// SPDX-License-Identifier: Apache-2.0
// The two gates of EDVR's fusion stage (Wang et al., CVPRW 2019, section 3.3), and attention as in transformers.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "edvr/ops/arithmetic.hpp"
#include "edvr/ops/compare.hpp"
#include "edvr/ops/matmul.hpp"
#include "edvr/ops/reduce.hpp"
#include "edvr/ops/sigmoid.hpp"
#include "edvr/ops/softmax.hpp"
#include "edvr/ops/views.hpp"

namespace edvr::inline v1 {

/// How alike a frame's embedding is to the reference frame's, pixel by pixel: sigmoid(sum over channels of embedding * reference).
/// embedding, reference (n, c, h, w); returns (n, 1, h, w). Lazy, heavy.
template <has_rank<4> A, has_rank<4> B>
auto temporal_attention(A&& embedding, B&& reference) {
  return sigmoid(correlation(std::forward<A>(embedding), std::forward<B>(reference), 1));
}
/// x * attention, one attention map (n, 1, h, w) for all channels of x (n, c, h, w). Lazy; evaluate a computed attention map first.
template <has_rank<4> X, has_rank<4> A>
auto temporal_attention_gate(X&& x, A&& attention) {
  return std::forward<X>(x) * std::forward<A>(attention);
}
/// x * sigmoid(attention) * 2 + add: the factor 2 keeps x where the attention
/// is zero. All (n, c, h, w). Lazy. As published code has it (Wang et al., CVPRW 2019, 3.3).
template <has_rank<4> X, has_rank<4> A, has_rank<4> B>
auto spatial_attention_gate(X&& x, A&& attention, B&& add) {
  return std::forward<X>(x) * sigmoid(std::forward<A>(attention)) * value_t<X>(2) + std::forward<B>(add);
}

namespace detail {
template <class Q, class K, class V>
void check_attention(Q const& query, K const& key, V const& value) {
  constexpr int R = bare<Q>::rank;
  auto const q = query.shape(), k = key.shape(), v = value.shape();
  bool same_batch = true;
  for (int i = 0; i < R - 2; ++i) same_batch = same_batch && q[i] == k[i] && q[i] == v[i];
  if (!same_batch || q[R - 1] != k[R - 1] || k[R - 2] != v[R - 2])
    throw shape_error(text("scaled_dot_product_attention: query ", q, ", key ", k, ", value ", v,
                           "; expected (..., l, e), (..., s, e), (..., s, f) with the same axes in front"));
}
/// query key^T, scaled.
template <class Q, class K>
auto scores(Q&& query, K&& key, std::optional<double> scale) {
  constexpr int R = bare<Q>::rank;
  using T = value_t<Q>;
  T const factor = static_cast<T>(scale ? *scale : 1 / std::sqrt(static_cast<double>(std::max<index_t>(key.shape()[R - 1], 1))));
  return matmul(std::forward<Q>(query) * factor, transpose(std::forward<K>(key), R - 2, R - 1));
}
}  // namespace detail

/// softmax(scale query key^T) value. query (..., l, e), key (..., s, e), value (..., s, f), of one rank from 2 to 5 and with the same axes
/// in front; returns (..., l, f). scale: 1 / sqrt(e) unless one is given. Lazy, heavy; the l x s scores are in memory at once, twice.
/// Throws shape_error. Cost: 2 l s (e + f) flop and l s exponentials for each of the axes in front. Vaswani et al., NeurIPS 2017, eq. 1;
/// same as torch.nn.functional.scaled_dot_product_attention.
template <real_valued Q, real_valued K, real_valued V>
  requires same_space<Q, K> && same_space<Q, V> && same_element<Q, K> && same_element<Q, V> && same_rank<Q, K> && same_rank<Q, V> &&
           (bare<Q>::rank >= 2)
auto scaled_dot_product_attention(Q&& query, K&& key, V&& value, std::optional<double> scale = {}) {
  detail::check_attention(query, key, value);
  return matmul(softmax(detail::scores(std::forward<Q>(query), std::forward<K>(key), scale), bare<Q>::rank - 1), std::forward<V>(value));
}
/// With a mask that broadcasts to the scores (..., l, s): of bool, true where a key takes part; of
/// numbers, what is added to the scaled scores. A query that no key is left for gives zeros. The
/// value of a key that is masked counts as 0 times itself: a NaN or an infinity there still shows.
template <real_valued Q, real_valued K, real_valued V, operand M>
  requires same_space<Q, K> && same_space<Q, V> && same_space<Q, M> && same_element<Q, K> && same_element<Q, V> && same_rank<Q, K> &&
           same_rank<Q, V> && (bare<Q>::rank >= 2) && (std::is_same_v<value_t<M>, bool> || same_element<Q, M>)
auto scaled_dot_product_attention(Q&& query, K&& key, V&& value, M&& mask, std::optional<double> scale = {}) {
  detail::check_attention(query, key, value);
  auto all = detail::scores(std::forward<Q>(query), std::forward<K>(key), scale);
  constexpr int last = bare<Q>::rank - 1;
  if constexpr (std::is_same_v<value_t<M>, bool>) {
    auto none = constant_like(-std::numeric_limits<value_t<Q>>::infinity(), all);
    return matmul(detail::softmax<true>(where(std::forward<M>(mask), std::move(all), none), last), std::forward<V>(value));
  } else {
    return matmul(detail::softmax<true>(std::move(all) + std::forward<M>(mask), last), std::forward<V>(value));
  }
}

}  // namespace edvr::v1
