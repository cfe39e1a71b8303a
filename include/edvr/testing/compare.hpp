// SPDX-License-Identifier: Apache-2.0
// How far two tensors are apart, said so that one knows where to look.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <type_traits>
#include <vector>

#include "edvr/io/any_tensor.hpp"

namespace edvr::inline v1::testing {

struct comparison {
  bool within = true;  // every |a - b| <= atol + rtol |b|; a NaN only beside a NaN, an infinity only beside itself
  double max_abs = 0, max_rel = 0, max_scaled = 0, rms = 0;  // scaled: |a - b| / max(1, |b|)
  double a = 0, b = 0;                                       // the pair that is furthest apart
  std::vector<index_t> worst;
  index_t count = 0;

  /// "max abs 1.2e-06 at (0, 1, 5, 7) (0.5 and 0.5000012), max rel 3e-06, RMS 1e-07"
  std::string summary() const {
    std::string at;
    for (std::size_t i = 0; i < worst.size(); ++i) at += (i ? ", " : "") + std::to_string(worst[i]);
    if (max_abs == 0) return text("equal, ", count, " elements");
    char pair[80];
    std::snprintf(pair, sizeof pair, "%.9g and %.9g", a, b);
    return text("max abs ", max_abs, " at (", at, ") (", pair, "), max rel ", max_rel, ", RMS ", rms);
  }
};

/// a against b, of one shape; tolerances in allclose's order. Throws shape_error.
inline comparison compare(any_tensor const& a, any_tensor const& b, double rtol = 0, double atol = 0) {
  if (a.shape() != b.shape()) throw shape_error(text("compare: ", a.describe(), " and ", b.describe(), "; expected one shape"));
  std::vector<double> x;
  std::vector<std::int64_t> whole;  // a's elements if they are integers, of which a double holds 53 bits
  a.for_each([&](auto v) {
    auto const keep = [n = static_cast<std::size_t>(a.size())](auto& to, auto value) {
      if (to.empty()) to.reserve(n);
      to.push_back(value);
    };
    if constexpr (std::is_same_v<decltype(v), std::int64_t>)
      keep(whole, v);
    else
      keep(x, static_cast<double>(v));
  });
  comparison c;
  std::size_t i = 0, worst = 0;
  double sum = 0;
  b.for_each([&](auto v) {
    double const p = whole.empty() ? x[i] : static_cast<double>(whole[i]), q = static_cast<double>(v);
    bool equal = p == q || (std::isnan(p) && std::isnan(q));
    double d = equal ? 0 : std::fabs(p - q);
    if constexpr (std::is_same_v<decltype(v), std::int64_t>)
      if (equal && !whole.empty() && whole[i] != v) {
        auto const m = static_cast<std::uint64_t>(whole[i]), n = static_cast<std::uint64_t>(v);
        equal = false, d = static_cast<double>(whole[i] > v ? m - n : n - m);
      }
    if (std::isnan(d)) d = HUGE_VAL;
    if (d > c.max_abs) c.max_abs = d, c.a = p, c.b = q, worst = i;
    if (d > 0) c.max_scaled = std::fmax(c.max_scaled, d / std::fmax(1.0, std::fabs(q)));
    if (d > 0) c.max_rel = std::fmax(c.max_rel, d / std::fabs(q));
    if (!equal && !(d <= atol + rtol * std::fabs(q))) c.within = false;
    if (std::isinf(d)) c.within = false;
    sum += d * d;
    ++i;
  });
  c.count = static_cast<index_t>(i);
  c.rms = i ? std::sqrt(sum / static_cast<double>(i)) : 0;
  auto at = static_cast<index_t>(worst);
  c.worst.resize(a.shape().size());
  for (std::size_t k = c.worst.size(); k-- > 0 && i;) c.worst[k] = at % a.shape()[k], at /= a.shape()[k];
  return c;
}
template <class T, int R>
comparison compare(tensor<T, R> const& a, tensor<T, R> const& b, double rtol = 0, double atol = 0) {
  return compare(any_tensor(a), any_tensor(b), rtol, atol);
}

}  // namespace edvr::inline v1::testing
