// SPDX-License-Identifier: Apache-2.0
// + - * / with NumPy broadcasting, element-wise minimum, maximum and clamp.
#pragma once
#include <type_traits>
#include <utility>

#include "edvr/core/dtype.hpp"
#include "edvr/core/expression.hpp"

namespace edvr::inline v1 {

namespace fn {
struct plus {
  template <class T>
  EDVR_HD T operator()(T const& a, T const& b) const {
    return static_cast<T>(detail::wrapping(a) + detail::wrapping(b));
  }
};
struct minus {
  template <class T>
  EDVR_HD T operator()(T const& a, T const& b) const {
    return static_cast<T>(detail::wrapping(a) - detail::wrapping(b));
  }
};
struct times {
  template <class T>
  EDVR_HD T operator()(T const& a, T const& b) const {
    return static_cast<T>(detail::wrapping(a) * detail::wrapping(b));
  }
};
struct negate {
  template <class T>
  EDVR_HD T operator()(T const& a) const {
    return static_cast<T>(-detail::wrapping(a));
  }
};
struct divides {
  template <class T>
  EDVR_HD T operator()(T const& a, T const& b) const {
    if constexpr (std::is_integral_v<T> && std::is_signed_v<T>)
      if (b == T(-1)) return negate{}(a);  // the least number has no opposite, and processors trap
    return static_cast<T>(a / b);
  }
};
struct minimum {  // NaN wins, as in PyTorch
  template <class T>
  EDVR_HD T operator()(T const& a, T const& b) const {
    return b < a || b != b ? b : a;
  }
};
struct maximum {
  template <class T>
  EDVR_HD T operator()(T const& a, T const& b) const {
    return a < b || b != b ? b : a;
  }
};
template <class T>
struct clamp {  // NaN wins, as in PyTorch: in x, and as a bound
  T low, high;
  EDVR_HD T operator()(T const& x) const {
    T const y = x < low || low != low ? low : x;
    return high < y || high != high ? high : y;
  }
};
}  // namespace fn

/// Element by element, lazy. Shapes broadcast by NumPy's rule: aligned at the last axis, extents equal or 1. Throws shape_error otherwise.
/// Element types must be the same (cast<T>(x) first). A plain number may stand on either side, and is converted to the tensor's type:
/// integers times 0.5 are times 0. Same as torch.add, sub, mul and div of one floating type; integers wrap, / drops the fraction, and
/// dividing by 0 is undefined: on x86-64 it ends the program.
template <operand A, operand B>
  requires same_space<A, B> && same_element<A, B>
auto operator+(A&& a, B&& b) {
  return elementwise("operator+", fn::plus{}, take(std::forward<A>(a)), take(std::forward<B>(b)));
}
template <operand A, operand B>
  requires same_space<A, B> && same_element<A, B>
auto operator-(A&& a, B&& b) {
  return elementwise("operator-", fn::minus{}, take(std::forward<A>(a)), take(std::forward<B>(b)));
}
template <operand A, operand B>
  requires same_space<A, B> && same_element<A, B>
auto operator*(A&& a, B&& b) {
  return elementwise("operator*", fn::times{}, take(std::forward<A>(a)), take(std::forward<B>(b)));
}
template <operand A, operand B>
  requires same_space<A, B> && same_element<A, B>
auto operator/(A&& a, B&& b) {
  return elementwise("operator/", fn::divides{}, take(std::forward<A>(a)), take(std::forward<B>(b)));
}
template <operand A>
auto operator-(A&& a) {
  return unary{fn::negate{}, take(std::forward<A>(a))};
}

template <operand A>
auto operator+(A&& a, value_t<A> s) {
  return with_number(fn::plus{}, std::forward<A>(a), s);
}
template <operand A>
auto operator+(value_t<A> s, A&& a) {
  return number_with(fn::plus{}, s, std::forward<A>(a));
}
template <operand A>
auto operator-(A&& a, value_t<A> s) {
  return with_number(fn::minus{}, std::forward<A>(a), s);
}
template <operand A>
auto operator-(value_t<A> s, A&& a) {
  return number_with(fn::minus{}, s, std::forward<A>(a));
}
template <operand A>
auto operator*(A&& a, value_t<A> s) {
  return with_number(fn::times{}, std::forward<A>(a), s);
}
template <operand A>
auto operator*(value_t<A> s, A&& a) {
  return number_with(fn::times{}, s, std::forward<A>(a));
}
template <operand A>
auto operator/(A&& a, value_t<A> s) {
  return with_number(fn::divides{}, std::forward<A>(a), s);
}
template <operand A>
auto operator/(value_t<A> s, A&& a) {
  return number_with(fn::divides{}, s, std::forward<A>(a));
}

/// The smaller / larger of two elements; NaN if either is. Lazy; broadcast as operator+. Throws shape_error. Same as torch.minimum and
/// torch.maximum. (min and max reduce over axes.)
template <operand A, operand B>
  requires same_space<A, B> && same_element<A, B>
auto minimum(A&& a, B&& b) {
  return elementwise("minimum", fn::minimum{}, take(std::forward<A>(a)), take(std::forward<B>(b)));
}
template <operand A, operand B>
  requires same_space<A, B> && same_element<A, B>
auto maximum(A&& a, B&& b) {
  return elementwise("maximum", fn::maximum{}, take(std::forward<A>(a)), take(std::forward<B>(b)));
}
template <operand A>
auto minimum(A&& a, value_t<A> s) {
  return with_number(fn::minimum{}, std::forward<A>(a), s);
}
template <operand A>
auto maximum(A&& a, value_t<A> s) {
  return with_number(fn::maximum{}, std::forward<A>(a), s);
}
template <operand A>
auto minimum(value_t<A> s, A&& a) {
  return number_with(fn::minimum{}, s, std::forward<A>(a));
}
template <operand A>
auto maximum(value_t<A> s, A&& a) {
  return number_with(fn::maximum{}, s, std::forward<A>(a));
}
/// low where x < low, high where x > high, else x; NaN stays. Lazy; shape of x. Same as torch.clamp.
template <operand A>
auto clamp(A&& x, value_t<A> low, value_t<A> high) {
  return unary{fn::clamp<value_t<A>>{low, high}, take(std::forward<A>(x))};
}

}  // namespace edvr::v1
