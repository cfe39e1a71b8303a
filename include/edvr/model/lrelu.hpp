// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <utility>

#include "edvr/ops/leaky_relu.hpp"

namespace edvr::inline v1::nn {

/// EDVR's activation outside residual blocks.
template <operand X>
auto lrelu(X&& x) {
  return leaky_relu(std::forward<X>(x), value_t<X>(0.1));
}

}  // namespace edvr::v1::nn
