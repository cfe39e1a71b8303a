// SPDX-License-Identifier: Apache-2.0
// Seeded random tensors: the same numbers for the same seed, but for the last digit of the logarithm and cosine behind normal(), which is
// the platform's. The distributions of the standard library promise less.
#pragma once
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

#include "edvr/core/tensor.hpp"

namespace edvr::inline v1 {

/// xoshiro256++ of Blackman and Vigna, seeded by splitmix64. For test data and initial weights, not for secrets.
class random_source {
 public:
  explicit random_source(std::uint64_t seed) {
    for (auto& word : state_) {
      seed += 0x9e3779b97f4a7c15u;
      std::uint64_t z = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9u;
      z = (z ^ z >> 27) * 0x94d049bb133111ebu;
      word = z ^ z >> 31;
    }
  }
  std::uint64_t bits() {
    auto& s = state_;
    std::uint64_t const result = std::rotl(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0], s[3] ^= s[1], s[1] ^= s[2], s[0] ^= s[3], s[2] ^= t;
    s[3] = std::rotl(s[3], 45);
    return result;
  }
  /// Evenly in [0, 1).
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  /// Mean 0, standard deviation 1 (Box and Muller).
  double normal() {
    double const u = 1 - uniform(), v = uniform();
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
  }

 private:
  std::uint64_t state_[4];
};

/// Evenly between low and high, row-major. (Rounding to a float may reach high.)
template <class T, int R>
tensor<T, R> uniform(coord<R> const& extents, std::uint64_t seed, double low = 0, double high = 1) {
  auto t = empty<T>(extents);
  random_source random(seed);
  for (index_t i = 0, n = t.size(); i < n; ++i) t.data()[i] = static_cast<T>(low + (high - low) * random.uniform());
  return t;
}
/// Normally distributed with this mean and deviation, row-major.
template <class T, int R>
tensor<T, R> normal(coord<R> const& extents, std::uint64_t seed, double mean = 0, double deviation = 1) {
  auto t = empty<T>(extents);
  random_source random(seed);
  for (index_t i = 0, n = t.size(); i < n; ++i) t.data()[i] = static_cast<T>(mean + deviation * random.normal());
  return t;
}
template <class T, std::size_t N>
auto uniform(index_t const (&extents)[N], std::uint64_t seed, double low = 0, double high = 1) {
  return uniform<T>(detail::coord_of(extents), seed, low, high);
}
template <class T, std::size_t N>
auto normal(index_t const (&extents)[N], std::uint64_t seed, double mean = 0, double deviation = 1) {
  return normal<T>(detail::coord_of(extents), seed, mean, deviation);
}

}  // namespace edvr::v1
