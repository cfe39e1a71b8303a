// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <limits>
#include <utility>

#include "edvr/ops/math.hpp"
#include "edvr/ops/reduce.hpp"

namespace edvr::inline v1 {

namespace detail {
/// Masked: a row of minus infinity alone, which attends to nothing, gives zeros instead of NaN.
template <class X, bool Masked>
struct softmax_node : private used_twice_name_its_value_with_eval {
  using value_type = value_t<X>;
  using space = space_t<X>;
  using runs_once = void;
  static constexpr int rank = X::rank, heavy_nodes = X::heavy_nodes + 1;
  static constexpr bool has_last = true;
  X x;
  int axis;
  softmax_node(X operand, int over) : x(std::move(operand)), axis(over) {}
  coord<rank> shape() const { return x.shape(); }
  bool makes_channels_last() const { return wants_channels_last(x); }
  void expand_to(coord<rank> const& s) const { detail::refuse_repeat("softmax", shape(), s); }
  template <class G>
  void operands(G const& g) const {
    g(x);
  }
  template <class Store, class Ex>
  void run(Store const& to, Ex const& ex) const {
    if (volume(shape()) == 0) return;
    auto const input = detail::run<value_type>(x, ex);
    // What keeps an empty row at zero changes no other: the largest term of a sum is 1.
    auto const at_least = [](value_type least, auto e) {
      if constexpr (Masked) {
        auto c = constant_like(least, e);
        return maximum(std::move(e), c);
      } else {
        return e;
      }
    };
    auto const top = eval(at_least(std::numeric_limits<value_type>::lowest(), max(input, {axis}, keepdim)), ex);
    assign(input, exp(input - top), ex);
    auto const total = eval(at_least(std::numeric_limits<value_type>::min(), sum(input, {axis}, keepdim)), ex);
    ex.for_each(to.y, composed{reader(input / total), to.epilogue});
  }
};
template <bool Masked, class X>
auto softmax(X&& x, int axis) {
  check_axis("softmax", axis, bare<X>::rank);
  return softmax_node<bare<X>, Masked>(take(std::forward<X>(x)), axis);
}
}  // namespace detail

/// exp(x) over its sum along one axis, the largest element subtracted first, so that nothing
/// overflows. Shape of x. A row that is minus infinity alone is NaN, as is one with a NaN or with plus
/// infinity. Lazy, heavy: one more tensor of the size of x. Throws shape_error. Same as torch.softmax.
template <real_valued X>
auto softmax(X&& x, int axis) {
  return detail::softmax<false>(std::forward<X>(x), axis);
}

}  // namespace edvr::v1
