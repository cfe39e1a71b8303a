// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <utility>

#include "edvr/ops/views.hpp"

namespace edvr::inline v1 {

namespace detail {
/// A destination whose pixels are scattered: element (n, k, h, w) of what is stored belongs to channel k / r^2 and subpixel k % r^2 of y.
/// With `planes` set, what is stored comes subpixel by subpixel instead, each with all its channels side by side.
template <class Y>
struct shuffled {
  using value_type = typename Y::value_type;
  static constexpr int rank = 4;
  static constexpr bool packs = Y::packs;
  Y y;
  index_t r;
  coord<4> extent;
  bool planes = false;
  bool unit(int axis) const { return planes && axis == 1 && y.unit(1); }
  EDVR_HD coord<4> operator()(coord<4> const& at) const {
    index_t const channels = y.extent[1], c = planes ? at[1] % channels : at[1] / (r * r),
                  sub = planes ? at[1] / channels : at[1] % (r * r);
    return {{at[0], c, at[2] * r + sub / r, at[3] * r + sub % r}};
  }
  EDVR_HD void put(coord<4> const& at, value_type const& v) const { y.put((*this)(at), v); }
  template <int W, int Axis>
  EDVR_HD void put(lanes<W, 4, Axis> const& l, pack<value_type, W> const& v) const {
    y.put(lanes<W, 4, Axis>{(*this)(l.at)}, v);
  }
};

struct shuffle_map {
  static constexpr int rank = 4;
  static constexpr bool through = true;
  static constexpr char const* name = "pixel_shuffle";
  coord<4> extent;
  index_t r;
  EDVR_HD coord<4> operator()(coord<4> const& o) const { return {{o[0], (o[1] * r + o[2] % r) * r + o[3] % r, o[2] / r, o[3] / r}}; }
  template <class Y>
  shuffled<Y> into(Y const& y) const {
    return {y, r, {{extent[0], extent[1] * r * r, extent[2] / r, extent[3] / r}}};
  }
};
struct unshuffle_map {
  static constexpr int rank = 4;
  static constexpr char const* name = "pixel_unshuffle";
  coord<4> extent;
  index_t r;
  EDVR_HD coord<4> operator()(coord<4> const& o) const {
    index_t const sub = o[1] % (r * r);
    return {{o[0], o[1] / (r * r), o[2] * r + sub / r, o[3] * r + sub % r}};
  }
};
inline void check_factor(char const* who, index_t r) {
  if (r < 1 || r > 1024) throw shape_error(text(who, ": factor ", r, "; expected 1 to 1024"));
}
}  // namespace detail

/// Channels to space: x (n, c r^2, h, w) to (n, c, r h, r w), out[n, c, r y + i, r x + j] = x[n, c r^2 + i r + j, y, x]. Lazy.
/// Throws shape_error unless r >= 1 and r^2 divides the channels. Shi et al., CVPR 2016, eq. 4; same as torch.nn.functional.pixel_shuffle.
/// Around a convolution it is part of the store: eval(pixel_shuffle(relu(conv(x)), 2)) writes each result where it belongs, without a pass.
template <has_rank<4> X>
auto pixel_shuffle(X&& x, index_t r) {
  auto const s = x.shape();
  detail::check_factor("pixel_shuffle", r);
  if (s[1] % (r * r) != 0)
    throw shape_error(text("pixel_shuffle: x has ", s[1], " channels; expected a multiple of ", r * r, ", because the factor is ", r));
  auto const times = [r](index_t extent) { return checked_product("pixel_shuffle", extent, r); };
  return detail::mapped{detail::shuffle_map{{{s[0], s[1] / (r * r), times(s[2]), times(s[3])}}, r}, take(std::forward<X>(x))};
}

/// Space to channels, the inverse: x (n, c, r h, r w) to (n, c r^2, h, w). Lazy. Throws shape_error unless r >= 1 divides height and width.
/// Same as torch.nn.functional.pixel_unshuffle.
template <has_rank<4> X>
auto pixel_unshuffle(X&& x, index_t r) {
  auto const s = x.shape();
  detail::check_factor("pixel_unshuffle", r);
  if (s[2] % r != 0 || s[3] % r != 0)
    throw shape_error(
        text("pixel_unshuffle: x has shape ", s, "; expected a height and a width that are multiples of ", r, ", the factor"));
  index_t const channels = checked_product("pixel_unshuffle", s[1], r * r);
  return detail::mapped{detail::unshuffle_map{{{s[0], channels, s[2] / r, s[3] / r}}, r}, take(std::forward<X>(x))};
}

}  // namespace edvr::v1
