// SPDX-License-Identifier: Apache-2.0
// A scalar that a user brings: dual numbers, whose derivatives are held against difference quotients.
#include <cmath>

#include "support.hpp"
using namespace edvr;

namespace {
/// A number and its derivative: what the plain kernels make of it is a derivative by the chain rule.
struct dual {
  double v = 0, d = 0;
  dual() = default;
  template <class N>
    requires std::is_arithmetic_v<N>
  explicit dual(N value, double derivative = 0) : v(static_cast<double>(value)), d(derivative) {}
  explicit operator index_t() const { return static_cast<index_t>(v); }
  friend dual operator+(dual a, dual b) { return dual(a.v + b.v, a.d + b.d); }
  friend dual operator-(dual a, dual b) { return dual(a.v - b.v, a.d - b.d); }
  friend dual operator-(dual a) { return dual(-a.v, -a.d); }
  friend dual operator*(dual a, dual b) { return dual(a.v * b.v, a.d * b.v + a.v * b.d); }
  friend dual operator/(dual a, dual b) { return dual(a.v / b.v, (a.d * b.v - a.v * b.d) / (b.v * b.v)); }
  friend bool operator<(dual a, dual b) { return a.v < b.v; }
  friend bool operator>(dual a, dual b) { return a.v > b.v; }
  friend dual exp(dual a) { return dual(std::exp(a.v), std::exp(a.v) * a.d); }
  dual& operator+=(dual b) { return *this = *this + b; }
};
template <int R>
tensor<dual, R> lifted(tensor<double, R> const& x) {
  auto y = empty<dual>(x.shape());
  for (index_t i = 0; i < x.size(); ++i) y.data()[i] = dual(x.data()[i]);
  return y;
}
/// The derivative of every element of f(x...) by one element of one x, from dual numbers, is the difference quotient. f is linear or nearly
/// so within `step`, and has no corner there.
template <class F, class... X>
void differentiates(F const& f, X const&... x) {
  auto const by = [&](auto const& chosen, index_t i) {
    double const step = 1e-5, kept = chosen.data()[i];
    chosen.data()[i] = kept + step;
    auto const above = eval(f(x...));
    chosen.data()[i] = kept - step;
    auto const below = eval(f(x...));
    chosen.data()[i] = kept;
    auto const lift = [&](auto const& operand) {
      auto l = lifted(operand);
      if (static_cast<void const*>(operand.data()) == chosen.data()) l.data()[i].d = 1;
      return l;
    };
    auto const y = eval(f(lift(x)...));
    double largest = 0;
    int wrong = 0;
    for (index_t k = 0; k < y.size(); ++k) {
      double const quotient = (contiguous(above).data()[k] - contiguous(below).data()[k]) / (2 * step);
      largest = std::fmax(largest, std::fabs(quotient));
      wrong += !(std::fabs(contiguous(y).data()[k].d - quotient) < 1e-8 * std::fmax(1, std::fabs(quotient)));
    }
    CHECK(wrong == 0);  // a NaN is wrong
    return largest;
  };
  auto const all = [&](auto const& chosen) {
    double reached = 0;
    for (index_t i = 0; i < chosen.size(); i += std::max<index_t>(chosen.size() / 7, 1)) reached = std::fmax(reached, by(chosen, i));
    CHECK(reached > 0);
  };
  (all(x), ...);
}
}  // namespace

TEST_CASE("a scalar of your own: derivatives by dual numbers are the difference quotients") {
  auto const x = normal<double>({1, 4, 5, 6}, 1), w = normal<double>({4, 2, 3, 3}, 2);
  auto const b = normal<double>({4}, 3);
  auto const mask = uniform<double>({1, 18, 5, 6}, 5, 0.2, 1);
  auto const offset = uniform<double>({1, 36, 5, 6}, 4, 0.1, 0.4);  // off the corners at whole positions
  conv2d_params const p{.padding = 1, .groups = 2};
  differentiates([&](auto const& in, auto const& weight, auto const& bias) { return conv2d(in, weight, bias, p); }, x, w, b);
  differentiates([&](auto const& in, auto const& o, auto const& m, auto const& weight,
                     auto const& bias) { return deform_conv2d(in, o, m, weight, bias, p); },
                 x, offset, mask, w, b);
  differentiates([&](auto const& in, auto const& m) { return sigmoid(in) * in - m / (m + in * in); }, x, normal<double>({1, 4, 5, 6}, 6));
  differentiates([&](auto const& l, auto const& r) { return matmul(l, r); }, normal<double>({2, 3, 4}, 7), normal<double>({2, 4, 2}, 8));
  differentiates([&](auto const& in) { return avg_pool2d(in, {3, 2, 1}); }, x);
  proves<dual>({"conv2d", "deform_conv2d", "sigmoid", "operator+", "operator-", "operator*", "operator/", "matmul", "avg_pool2d"});
}
