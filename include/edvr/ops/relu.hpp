// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <utility>

#include "edvr/core/expression.hpp"

namespace edvr::inline v1 {

namespace fn {
template <class T>
struct relu {
  EDVR_HD T operator()(T const& x) const { return x < T(0) ? T(0) : x; }  // in this order a NaN stays one
  template <class V>
  EDVR_HD void vector(V& y, V const& x) const {
    y = x < 0 ? V{} : x;
  }
};
}  // namespace fn

/// Rectifier: x where x >= 0, 0 elsewhere; NaN stays. Lazy; shape of x. Same as torch.relu.
template <operand X>
auto relu(X&& x) {
  return unary{fn::relu<value_t<X>>{}, take(std::forward<X>(x))};
}

}  // namespace edvr::v1
