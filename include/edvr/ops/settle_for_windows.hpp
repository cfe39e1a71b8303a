// SPDX-License-Identifier: Apache-2.0
// What ops that read windows do with their operand before they run.
#pragma once
#include "edvr/core/eval.hpp"
#include "edvr/ops/concat.hpp"

namespace edvr::inline v1::detail {

/// Is an element of this tree one stored element? Windows read every element r s times: anything dearer is evaluated first.
template <class E>
inline constexpr bool is_stored = is_tensor<E>;
template <class A, class B, int Axis>
inline constexpr bool is_stored<concat_node<A, B, Axis>> = is_stored<A> && is_stored<B>;

/// A pointwise equivalent of e that is cheap to read many times; what must be evaluated for it is stored as T.
template <class T, class E, class Ex>
auto settle_for_windows(E const& e, Ex const& ex) {
  auto settled = settle<T>(e, ex);
  if constexpr (is_stored<decltype(settled)>)
    return settled;
  else
    return run<T>(settled, ex);
}

}  // namespace edvr::inline v1::detail
