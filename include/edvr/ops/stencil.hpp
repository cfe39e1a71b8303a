// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <type_traits>
#include <utility>

#include "edvr/ops/settle_for_windows.hpp"

namespace edvr::inline v1 {

namespace fn {
/// A tensor as a stencil sees it: any position may be asked for, and outside it there are zeros.
template <class X>
struct surroundings {
  using value_type = typename X::value_type;
  static constexpr int rank = X::rank;
  X x;
  coord<rank> extent;
  EDVR_HD bool is_inside(coord<rank> const& at) const {
    for (int i = 0; i < rank; ++i)
      if (at[i] < 0 || at[i] >= extent[i]) return false;
    return true;
  }
  EDVR_HD value_type operator()(coord<rank> const& at) const { return is_inside(at) ? value_type(x(at)) : value_type(0); }
};
template <class F, class X>
struct stencil {
  static constexpr bool packs = false;
  F f;
  surroundings<X> x;
  bool unit(int) const { return false; }
  index_t cost() const
    requires requires(F const& g) { g.cost(); }
  {
    return f.cost();
  }
  EDVR_HD auto operator()(coord<X::rank> const& at) const { return f(x, at); }
};
}  // namespace fn

namespace detail {
template <class F, class X>
struct stencil_node : private used_twice_name_its_value_with_eval {
  using value_type =
      bare<std::invoke_result_t<F const&, fn::surroundings<view<value_t<X> const, X::rank, space_t<X>>> const&, coord<X::rank> const&>>;
  using space = space_t<X>;
  using runs_once = void;
  static constexpr int rank = X::rank, heavy_nodes = X::heavy_nodes + 1;
  static constexpr bool has_last = true;
  F f;
  X x;
  stencil_node(F function, X operand) : f(std::move(function)), x(std::move(operand)) {}
  coord<rank> shape() const { return x.shape(); }
  bool makes_channels_last() const { return wants_channels_last(x); }
  void expand_to(coord<rank> const& s) const { detail::refuse_repeat("stencil", shape(), s); }
  template <class G>
  void operands(G const& g) const {
    g(x);
  }
  template <class Store, class Ex>
  void run(Store const& to, Ex const& ex) const {
    auto const input = settle_for_windows<value_t<X>>(x, ex);
    using read = reader_t<bare<decltype(input)>>;
    ex.for_each(to.y, composed{fn::stencil<F, read>{f, {reader(input), input.shape()}}, to.epilogue});
  }
};
}  // namespace detail

/// y[at] = f(x, at), for every position of x: how a user adds an op that looks at neighbours. f reads x(p) at any positions p; outside x
/// there are zeros. f is a functor, copied to where it runs, and its result type is the element type; f.cost(),
/// if it has one, is about how many elements it reads. Shape of x. Lazy, heavy: x is
/// evaluated first if it is not a tensor or a concat of some, and arithmetic around the stencil is part of its store. docs/expressions.md
/// builds one.
template <class F, operand X>
auto stencil(F f, X&& x) {
  static_assert(std::is_trivially_copyable_v<F>,
                "a functor is copied as bytes to where it runs: hold a pointer or a view, not a container");
  return detail::stencil_node<F, bare<X>>(std::move(f), take(std::forward<X>(x)));
}

}  // namespace edvr::v1
