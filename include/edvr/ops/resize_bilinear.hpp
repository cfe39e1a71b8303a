// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <type_traits>
#include <utility>
#include <vector>

#include "edvr/ops/settle_for_windows.hpp"

namespace edvr::inline v1 {

namespace fn {
/// The two neighbours of a resized position along one axis, and how far it lies from the first.
struct resize_axis {
  index_t in, out;
  bool align_corners;
  struct taps {
    index_t low, high;
    double fraction;
  };
  EDVR_HD taps operator()(index_t o) const {
    double s;
    if (align_corners)
      s = out > 1 ? static_cast<double>(o) * static_cast<double>(in - 1) / static_cast<double>(out - 1) : 0.0;
    else
      s = (static_cast<double>(o) + 0.5) * static_cast<double>(in) / static_cast<double>(out) - 0.5;
    s = s > 0 ? s : 0;
    index_t low = static_cast<index_t>(s);
    low = low < in - 1 ? low : in - 1;
    return {low, low + 1 < in ? low + 1 : low, s - static_cast<double>(low)};
  }
  std::vector<taps> all() const {
    std::vector<taps> t;
    for (index_t o = 0; o < out; ++o) t.push_back((*this)(o));
    return t;
  }
};
template <class T>
struct blend {
  T t;
  EDVR_HD T operator()(T const& a, T const& b) const { return (T(1) - t) * a + t * b; }
};

/// One output element, or a pack of channels. The taps of all rows and columns
/// are computed beforehand: a division a pixel would cost more than its channels.
template <class X>
struct resize_bilinear_kernel {
  using T = typename X::value_type;
  static constexpr bool packs = detail::packs_of<X>;
  X x;
  resize_axis::taps const *vertical, *horizontal;
  bool unit(int axis) const { return axis == 1 && x.unit(axis); }
  template <class F>
  void operands(F const& f) const {
    f(x);
  }
  EDVR_HD static coord<4>& where(coord<4>& at) { return at; }
  template <int W, int Axis>
  EDVR_HD static coord<4>& where(lanes<W, 4, Axis>& l) {
    return l.at;
  }
  template <class At>
  EDVR_HD auto operator()(At const& o) const {
    At at = o;
    auto const v = vertical[where(at)[2]], h = horizontal[where(at)[3]];
    auto const across = [&](index_t row) {
      where(at)[2] = row;
      where(at)[3] = h.low;
      auto const a = x(at);
      where(at)[3] = h.high;
      return edvr::apply(blend<T>{static_cast<T>(h.fraction)}, a, x(at));
    };
    auto const top = across(v.low);
    return edvr::apply(blend<T>{static_cast<T>(v.fraction)}, top, across(v.high));
  }
};
}  // namespace fn

namespace detail {
struct taps_kernel {
  static constexpr bool packs = false;
  fn::resize_axis axis;
  bool unit(int) const { return false; }
  EDVR_HD auto operator()(coord<1> const& at) const { return axis(at[0]); }
};
/// All taps of an axis where a kernel can read them: in a host vector, or computed on the device.
template <class S, class Ex>
auto table(fn::resize_axis const& axis, Ex const& ex) {
  if constexpr (std::is_same_v<S, cpu>) {
    return axis.all();
  } else {
    auto const t = empty<fn::resize_axis::taps, S>(coord<1>{{axis.out}});
    ex.for_each(t.writable(), taps_kernel{axis});
    return t;
  }
}

template <class X>
struct resize_bilinear_node : private used_twice_name_its_value_with_eval {
  using value_type = value_t<X>;
  using space = space_t<X>;
  using runs_once = void;
  static constexpr int rank = 4, heavy_nodes = X::heavy_nodes + 1;
  static constexpr bool has_last = true;
  X x;
  coord<4> extent;
  bool align_corners;
  resize_bilinear_node(X input, coord<4> const& result, bool align) : x(std::move(input)), extent(result), align_corners(align) {}
  coord<4> shape() const { return extent; }
  bool makes_channels_last() const { return wants_channels_last(x); }
  void expand_to(coord<4> const& s) const { detail::refuse_repeat("resize_bilinear", extent, s); }
  template <class G>
  void operands(G const& g) const {
    g(x);
  }
  template <class Store, class Ex>
  void run(Store const& to, Ex const& ex) const {
    if (volume(extent) == 0) return;  // no pictures, of any size
    auto const input = settle_for_windows<value_type>(x, ex);
    auto const s = input.shape();
    using kernel = fn::resize_bilinear_kernel<reader_t<bare<decltype(input)>>>;
    auto const vertical = table<space>(fn::resize_axis{s[2], extent[2], align_corners}, ex),
               horizontal = table<space>(fn::resize_axis{s[3], extent[3], align_corners}, ex);
    ex.for_each(to.y, composed{kernel{reader(input), vertical.data(), horizontal.data()}, to.epilogue});
  }
};
}  // namespace detail

/// Bilinear resampling of x (n, c, h, w) to (n, c, height, width), edges repeated, no antialiasing. align_corners: the corner pixels'
/// centres coincide; otherwise the pixel grids cover the same area. Lazy, heavy. Throws shape_error for empty sizes.
/// Same as torch.nn.functional.interpolate(mode="bilinear").
template <has_rank<4> X>
  requires real_valued<X>
auto resize_bilinear(X&& x, index_t height, index_t width, bool align_corners = false) {
  auto const s = x.shape();
  if (height < 1 || width < 1 || s[2] < 1 || s[3] < 1)
    throw shape_error(text("resize_bilinear: from ", s[2], " x ", s[3], " to ", height, " x ", width, "; expected no empty picture"));
  return detail::resize_bilinear_node<bare<X>>(take(std::forward<X>(x)), {{s[0], s[1], height, width}}, align_corners);
}
/// Enlargement by an integer factor, pixel grids covering the same area: x (n, c, h, w) to (n, c, factor h, factor w). Lazy, heavy. Throws
/// shape_error. Same as torch.nn.functional.interpolate(scale_factor=factor, mode="bilinear").
template <has_rank<4> X>
  requires real_valued<X>
auto upsample_bilinear(X&& x, index_t factor) {
  auto const s = x.shape();
  index_t const height = checked_product("upsample_bilinear", s[2], factor), width = checked_product("upsample_bilinear", s[3], factor);
  return resize_bilinear(std::forward<X>(x), height, width);
}

}  // namespace edvr::v1
