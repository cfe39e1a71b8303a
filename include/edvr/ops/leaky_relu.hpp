// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <utility>

#include "edvr/core/expression.hpp"

namespace edvr::inline v1 {

namespace fn {
template <class T>
struct leaky_relu {
  T negative_slope;
  EDVR_HD T operator()(T const& x) const {  // a choice between ready values: GCC vectorises no operation that stands under a condition
    T const y = negative_slope * x;
    return x < T(0) ? y : x;
  }
  // The same for a whole vector: left to itself GCC moves the product under the condition and then vectorises neither.
  template <class V>
  EDVR_HD void vector(V& y, V const& x) const {
    y = x < 0 ? negative_slope * x : x;
  }
};
}  // namespace fn

/// Leaky rectifier: x where x >= 0, negative_slope * x elsewhere; NaN stays. Lazy; shape of x. Same as torch.nn.functional.leaky_relu.
template <real_valued X>
auto leaky_relu(X&& x, value_t<X> negative_slope = value_t<X>(0.01)) {
  return unary{fn::leaky_relu<value_t<X>>{negative_slope}, take(std::forward<X>(x))};
}

}  // namespace edvr::v1
