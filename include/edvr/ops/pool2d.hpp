// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <limits>
#include <utility>

#include "edvr/ops/arithmetic.hpp"
#include "edvr/ops/settle_for_windows.hpp"
#include "edvr/ops/window.hpp"

namespace edvr::inline v1 {

/// Window, step and border, each one number or {vertical, horizontal}; stride: kernel_size, if not given.
struct pool2d_params {
  pair kernel_size = 2, stride = kernel_size, padding = 0;
};

namespace fn {
/// Padding is minus infinity: never selected. NaN wins.
struct max_pool {
  static constexpr char const* name = "max_pool2d";
  template <class T>
  static constexpr T first() {
    static_assert(std::numeric_limits<T>::is_specialized, "max_pool2d of a scalar of your own needs its std::numeric_limits");
    return std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::lowest();
  }
  using add = maximum;
  template <class T>
  struct finish {
    explicit finish(pair) {}
    EDVR_HD T operator()(T const& x) const { return x; }
  };
};
/// Padding is zero and counts: the sum is always divided by the size of the window.
struct avg_pool {
  static constexpr char const* name = "avg_pool2d";
  template <class T>
  static constexpr T first() {
    return T(0);
  }
  using add = plus;
  template <class T>
  struct finish {
    T size;
    explicit finish(pair kernel) : size(static_cast<T>(kernel.y * kernel.x)) {}
    EDVR_HD T operator()(T const& x) const { return static_cast<T>(x / size); }
  };
};

/// One output element, or a pack of channels.
template <class Op, class X>
struct pool2d_kernel {
  using T = typename X::value_type;
  static constexpr bool packs = detail::packs_of<X>;
  X x;
  coord<4> in;
  pool2d_params p;
  typename Op::template finish<T> finish;
  bool unit(int axis) const { return axis == 1 && x.unit(axis); }
  index_t cost() const { return (p.kernel_size.y * p.kernel_size.x + 7) / 8; }  // in packs
  template <class F>
  void operands(F const& f) const {
    f(x);
  }

  EDVR_HD static coord<4>& where(coord<4>& at) { return at; }
  template <int W, int Axis>
  EDVR_HD static coord<4>& where(lanes<W, 4, Axis>& l) {
    return l.at;
  }
  EDVR_HD static T same(coord<4> const&) { return Op::template first<T>(); }
  template <int W, int Axis>
  EDVR_HD static pack<T, W> same(lanes<W, 4, Axis> const&) {
    pack<T, W> p;
    for (int i = 0; i < W; ++i) p.lane[i] = Op::template first<T>();
    return p;
  }
  template <class At>
  EDVR_HD auto operator()(At const& o) const {
    At at = o;
    index_t const top = where(at)[2] * p.stride.y - p.padding.y, left = where(at)[3] * p.stride.x - p.padding.x;
    auto s = same(o);
    for (index_t h = top < 0 ? 0 : top; h < top + p.kernel_size.y && h < in[2]; ++h)
      for (index_t w = left < 0 ? 0 : left; w < left + p.kernel_size.x && w < in[3]; ++w) {
        where(at)[2] = h, where(at)[3] = w;
        s = edvr::apply(typename Op::add{}, s, x(at));
      }
    return edvr::apply(finish, s);
  }
};
}  // namespace fn

namespace detail {
template <class Op, class X>
struct pool2d_node : private used_twice_name_its_value_with_eval {
  using value_type = value_t<X>;
  using space = space_t<X>;
  using runs_once = void;
  static constexpr int rank = 4, heavy_nodes = X::heavy_nodes + 1;
  static constexpr bool has_last = true;
  X x;
  pool2d_params p;
  coord<4> extent;
  pool2d_node(X input, pool2d_params const& params, coord<4> const& result) : x(std::move(input)), p(params), extent(result) {}
  coord<4> shape() const { return extent; }
  bool makes_channels_last() const { return wants_channels_last(x); }
  void expand_to(coord<4> const& s) const { detail::refuse_repeat(Op::name, extent, s); }
  template <class G>
  void operands(G const& g) const {
    g(x);
  }
  template <class Store, class Ex>
  void run(Store const& to, Ex const& ex) const {
    auto const input = settle_for_windows<value_type>(x, ex);
    using kernel = fn::pool2d_kernel<Op, reader_t<bare<decltype(input)>>>;
    ex.for_each(to.y,
                composed{kernel{reader(input), input.shape(), p, typename Op::template finish<value_type>(p.kernel_size)}, to.epilogue});
  }
};

template <class Op, class X>
auto pool2d(X&& x, pool2d_params const& p) {
  auto const s = x.shape();
  if (p.padding.y > p.kernel_size.y / 2 || p.padding.x > p.kernel_size.x / 2)
    throw shape_error(text(Op::name, ": padding ", p.padding, "; expected at most half of kernel_size ", p.kernel_size));
  if (s[2] < 1 || s[3] < 1) throw shape_error(text(Op::name, ": x has shape ", s, "; expected no empty pictures"));
  coord<4> const y{{s[0], s[1], window_extent(Op::name, "vertical", s[2], p.kernel_size.y, p.stride.y, p.padding.y, 1),
                    window_extent(Op::name, "horizontal", s[3], p.kernel_size.x, p.stride.x, p.padding.x, 1)}};
  return pool2d_node<Op, bare<X>>(take(std::forward<X>(x)), p, y);
}
}  // namespace detail

/// Largest element / mean of each window of p.kernel_size, every p.stride (kernel_size, if not given); x (n, c, h, w) to (n, c, oh, ow)
/// with oh = (h + 2 padding - kernel_size) / stride + 1. Padding never wins a maximum and counts as zeros in a mean. NaN wins. Lazy, heavy.
/// Throws shape_error. Same as torch.nn.functional.max_pool2d, and avg_pool2d with count_include_pad.
template <has_rank<4> X>
auto max_pool2d(X&& x, pool2d_params p = {}) {
  return detail::pool2d<fn::max_pool>(std::forward<X>(x), p);
}
template <has_rank<4> X>
  requires real_valued<X>
auto avg_pool2d(X&& x, pool2d_params p = {}) {
  return detail::pool2d<fn::avg_pool>(std::forward<X>(x), p);
}

}  // namespace edvr::v1
