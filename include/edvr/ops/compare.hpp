// SPDX-License-Identifier: Apache-2.0
// Comparisons that give bool tensors, where, and allclose.
#pragma once
#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "edvr/backend/cpu/executor.hpp"
#include "edvr/ops/views.hpp"

namespace edvr::inline v1 {

namespace fn {
struct less {
  template <class T>
  EDVR_HD bool operator()(T const& a, T const& b) const {
    return a < b;
  }
};
struct less_equal {
  template <class T>
  EDVR_HD bool operator()(T const& a, T const& b) const {
    return a <= b;
  }
};
struct equal {
  template <class T>
  EDVR_HD bool operator()(T const& a, T const& b) const {
    return a == b;
  }
};
/// f(b, a): greater from less, while a is still evaluated before b.
template <class F>
struct swapped {
  F f;
  template <class T>
  EDVR_HD auto operator()(T const& a, T const& b) const {
    return f(b, a);
  }
};
using greater = swapped<less>;
using greater_equal = swapped<less_equal>;
struct choose {
  template <class T>
  EDVR_HD T operator()(bool condition, T const& a, T const& b) const {
    return condition ? a : b;
  }
};
struct logical_not {
  EDVR_HD bool operator()(bool a) const { return !a; }
};
}  // namespace fn

/// Element by element, lazy, with broadcasting; bool elements. NaN compares as in IEEE 754. Throws
/// shape_error. Same as torch.lt, le, gt, ge and, by the name of equal(a, b), so that == keeps its
/// meaning for handles and shapes, torch.eq; one answer for all elements gives allclose.
template <operand A, operand B>
  requires same_space<A, B> && same_element<A, B>
auto operator<(A&& a, B&& b) {
  return elementwise("operator<", fn::less{}, take(std::forward<A>(a)), take(std::forward<B>(b)));
}
template <operand A, operand B>
  requires same_space<A, B> && same_element<A, B>
auto operator<=(A&& a, B&& b) {
  return elementwise("operator<=", fn::less_equal{}, take(std::forward<A>(a)), take(std::forward<B>(b)));
}
template <operand A, operand B>
  requires same_space<A, B> && same_element<A, B>
auto operator>(A&& a, B&& b) {
  return elementwise("operator>", fn::greater{}, take(std::forward<A>(a)), take(std::forward<B>(b)));
}
template <operand A, operand B>
  requires same_space<A, B> && same_element<A, B>
auto operator>=(A&& a, B&& b) {
  return elementwise("operator>=", fn::greater_equal{}, take(std::forward<A>(a)), take(std::forward<B>(b)));
}
template <operand A>
auto operator<(A&& a, value_t<A> s) {
  return with_number(fn::less{}, std::forward<A>(a), s);
}
template <operand A>
auto operator<=(A&& a, value_t<A> s) {
  return with_number(fn::less_equal{}, std::forward<A>(a), s);
}
template <operand A>
auto operator>(A&& a, value_t<A> s) {
  return with_number(fn::greater{}, std::forward<A>(a), s);
}
template <operand A>
auto operator>=(A&& a, value_t<A> s) {
  return with_number(fn::greater_equal{}, std::forward<A>(a), s);
}
template <operand A>
auto operator<(value_t<A> s, A&& a) {
  return number_with(fn::less{}, s, std::forward<A>(a));
}
template <operand A>
auto operator<=(value_t<A> s, A&& a) {
  return number_with(fn::less_equal{}, s, std::forward<A>(a));
}
template <operand A>
auto operator>(value_t<A> s, A&& a) {
  return number_with(fn::greater{}, s, std::forward<A>(a));
}
template <operand A>
auto operator>=(value_t<A> s, A&& a) {
  return number_with(fn::greater_equal{}, s, std::forward<A>(a));
}
template <operand A, operand B>
  requires same_space<A, B> && same_element<A, B>
auto equal(A&& a, B&& b) {
  return elementwise("equal", fn::equal{}, take(std::forward<A>(a)), take(std::forward<B>(b)));
}
template <operand A>
auto equal(A&& a, value_t<A> s) {
  return with_number(fn::equal{}, std::forward<A>(a), s);
}
template <operand A>
auto equal(value_t<A> s, A&& a) {
  return number_with(fn::equal{}, s, std::forward<A>(a));
}
/// Not, element by element. Lazy; shape of a. Same as torch.logical_not.
template <operand A>
  requires std::is_same_v<value_t<A>, bool>
auto logical_not(A&& a) {
  return unary{fn::logical_not{}, take(std::forward<A>(a))};
}

/// a where condition holds, b elsewhere; the three broadcast, and one of a and
/// b may be a plain number. Lazy; both sides are computed. Throws shape_error. Same as torch.where.
template <operand C, operand A, operand B>
  requires same_space<C, A> && same_space<A, B> && same_element<A, B> && std::is_same_v<value_t<C>, bool>
auto where(C&& condition, A&& a, B&& b) {
  constexpr int R = std::max({bare<C>::rank, bare<A>::rank, bare<B>::rank});
  auto const s = broadcast("where", promote<R>(condition.shape()), broadcast("where", promote<R>(a.shape()), promote<R>(b.shape())));
  auto c = detail::promoted<R>(take(std::forward<C>(condition)));
  auto x = detail::promoted<R>(take(std::forward<A>(a)));
  auto y = detail::promoted<R>(take(std::forward<B>(b)));
  c.expand_to(s), x.expand_to(s), y.expand_to(s);
  return ternary{fn::choose{}, std::move(c), std::move(x), std::move(y)};
}

template <operand C, operand A>
auto where(C&& condition, A&& a, value_t<A> s) {
  auto c = constant_like(s, a);
  return where(std::forward<C>(condition), std::forward<A>(a), c);
}
template <operand C, operand B>
auto where(C&& condition, value_t<B> s, B&& b) {
  auto c = constant_like(s, b);
  return where(std::forward<C>(condition), c, std::forward<B>(b));
}

/// Is |a - b| <= atol + rtol |b| for every element? NaN equals NaN only if asked;
/// equal infinities are close. Throws shape_error. Same as torch.allclose.
template <operand A, operand B>
  requires same_rank<A, B> && same_element<A, B> && same_space<A, B> && std::is_same_v<space_t<A>, cpu>
bool allclose(A&& a, B&& b, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false) {
  if (!(a.shape() == b.shape())) throw shape_error(text("allclose: shapes ", a.shape(), " and ", b.shape(), "; expected the same"));
  auto const stored = []<class E>(E&& e) {
    if constexpr (detail::is_tensor<bare<E>>)
      return e;
    else
      return eval(take(std::forward<E>(e)));
  };
  auto const x = stored(std::forward<A>(a));
  auto const y = stored(std::forward<B>(b));
  using T = value_t<A>;
  using wide = std::conditional_t<std::is_same_v<T, long double>, long double, double>;
  wide const least = std::is_integral_v<T> ? 1 : 0;  // integers that differ, whatever double makes of them
  coord<bare<A>::rank> at{};
  for (index_t i = 0, n = x.size(); i < n; ++i, advance(at, x.shape())) {
    if (x[at] == y[at]) continue;
    auto const p = static_cast<wide>(x[at]), q = static_cast<wide>(y[at]);
    if (equal_nan && std::isnan(p) && std::isnan(q)) continue;
    auto const apart = std::max(std::fabs(p - q), least);
    if (!(apart <= atol + rtol * std::fabs(q)) || std::isinf(p) || std::isinf(q)) return false;
  }
  return true;
}

}  // namespace edvr::v1
