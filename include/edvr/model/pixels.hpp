// SPDX-License-Identifier: Apache-2.0
// Pixels of [0, 1] as the 8 or 16 bits of a picture, and back.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>

#include "edvr/backend/cpu/executor.hpp"
#include "edvr/ops/arithmetic.hpp"
#include "edvr/ops/math.hpp"

namespace edvr::inline v1 {

namespace fn {
/// A pixel of [0, 1] in all the values of U: clamped, rounded half to even, as numpy does; NaN becomes 0.
template <class U>
struct quantise {
  template <class T>
  EDVR_HD U operator()(T const& v) const {
    return static_cast<U>(std::nearbyint((v > T(0) ? T(1) < v ? T(1) : v : T(0)) * static_cast<T>(std::numeric_limits<U>::max())));
  }
};
}  // namespace fn

/// Pixels of [0, 1] as 8 bits: clamped, times 255, rounded half to even, as numpy does; NaN becomes 0. Any rank.
template <class T, int R>
tensor<std::uint8_t, R> to_8bit(tensor<T, R> const& x, cpu_executor const& ex = {}) {
  return eval(apply_each(fn::quantise<std::uint8_t>{}, x), ex);
}
/// 8 bits as pixels of [0, 1].
template <class T, int R>
tensor<T, R> from_8bit(tensor<std::uint8_t, R> const& x, cpu_executor const& ex = {}) {
  return eval(cast<T>(x) / T(255), ex);
}
/// The same in 16 bits, times 65535.
template <class T, int R>
tensor<std::uint16_t, R> to_16bit(tensor<T, R> const& x, cpu_executor const& ex = {}) {
  return eval(apply_each(fn::quantise<std::uint16_t>{}, x), ex);
}
template <class T, int R>
tensor<T, R> from_16bit(tensor<std::uint16_t, R> const& x, cpu_executor const& ex = {}) {
  return eval(cast<T>(x) / T(65535), ex);
}

}  // namespace edvr::v1
