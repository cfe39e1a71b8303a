// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "edvr/core/expression.hpp"

namespace edvr::inline v1 {

namespace fn {
template <class T>
struct sigmoid {
  EDVR_HD T operator()(T const& x) const {  // exp of a large -x is infinity, and 1 / infinity the right 0
    using std::exp;
    return T(1) / (T(1) + exp(-x));
  }
#if defined(__GNUC__) && !defined(__CUDACC__)
  // exp(t) = 2^n exp(r) with r = t - n log 2 in [-0.35, 0.35]; log 2 in two parts (Cody and Waite), exp(r) to degree 6: within 2 ulp.
  template <class V>
  EDVR_HD void vector(V& y, V const& x) const
    requires std::is_same_v<T, float>
  {
    typedef std::int32_t ints __attribute__((vector_size(sizeof(V))));
    V t = x < -87.f ? V{} - 87.f : x;  // in this order a NaN stays one
    t = t > 87.f ? V{} - 87.f : -t;
    V const n = (t * 1.44269504f + 12582912.f) - 12582912.f;  // to the nearest integer
    V const r = (t - n * 0.693359375f) + n * 2.12194440e-4f;
    V const p = 1.f + r * (1.f + r * (0.5f + r * (1.6666667e-1f + r * (4.1666667e-2f + r * (8.3333333e-3f + r * 1.3888889e-3f)))));
    V const s = 1.f / (1.f + p * reinterpret_cast<V>((__builtin_convertvector(n, ints) + 127) << 23));
    y = x < -87.f ? V{} : s;  // under 1.7e-38, and 0 of minus infinity
  }
#endif
};
}  // namespace fn

/// 1 / (1 + exp(-x)); NaN stays. Lazy; shape of x. In float within 1.2e-7 of the exact value. Same as torch.sigmoid.
template <real_valued X>
auto sigmoid(X&& x) {
  return unary{fn::sigmoid<value_t<X>>{}, take(std::forward<X>(x))};
}

}  // namespace edvr::v1
