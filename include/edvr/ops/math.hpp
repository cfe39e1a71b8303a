// SPDX-License-Identifier: Apache-2.0
// abs, sqrt, exp, log, tanh of every element, and cast.
#pragma once
#include <cmath>
#include <utility>

#include "edvr/core/dtype.hpp"
#include "edvr/core/expression.hpp"

namespace edvr::inline v1 {

namespace fn {
struct abs {
  template <class T>
  EDVR_HD T operator()(T const& x) const {
    return x < T(0) ? static_cast<T>(-detail::wrapping(x)) : static_cast<T>(x + T(0));  // -0 becomes 0
  }
};
struct sqrt {
  template <class T>
  EDVR_HD T operator()(T const& x) const {
    using std::sqrt;
    return sqrt(x);
  }
};
struct exp {
  template <class T>
  EDVR_HD T operator()(T const& x) const {
    using std::exp;
    return exp(x);
  }
};
struct log {
  template <class T>
  EDVR_HD T operator()(T const& x) const {
    using std::log;
    return log(x);
  }
};
struct tanh {
  template <class T>
  EDVR_HD T operator()(T const& x) const {
    using std::tanh;
    return tanh(x);
  }
};
template <class To>
struct cast {
  template <class T>
  EDVR_HD To operator()(T const& x) const {
    return static_cast<To>(x);
  }
};
}  // namespace fn

/// Element by element, lazy; shape of x. Same as the torch functions of these names.
template <operand X>
auto abs(X&& x) {
  return unary{fn::abs{}, take(std::forward<X>(x))};
}
template <real_valued X>
auto sqrt(X&& x) {
  return unary{fn::sqrt{}, take(std::forward<X>(x))};
}
template <real_valued X>
auto exp(X&& x) {
  return unary{fn::exp{}, take(std::forward<X>(x))};
}
template <real_valued X>
auto log(X&& x) {
  return unary{fn::log{}, take(std::forward<X>(x))};
}
template <real_valued X>
auto tanh(X&& x) {
  return unary{fn::tanh{}, take(std::forward<X>(x))};
}
/// Elements converted as static_cast does: floats to integers are truncated, and must fit. Lazy.
template <class To, operand X>
auto cast(X&& x) {
  static_assert(
      !sixteen_bits<To>,
      "cast: float16 and bfloat16 are how a tensor may be stored, not something to compute in; write eval<float16>(x) or eval<bfloat16>(x)");
  return unary{fn::cast<To>{}, take(std::forward<X>(x))};
}

}  // namespace edvr::v1
