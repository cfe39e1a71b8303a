// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <utility>

#include "edvr/ops/views.hpp"

namespace edvr::inline v1 {

namespace detail {
struct shuffle_map {
  static constexpr int rank = 4;
  static constexpr char const* name = "pixel_shuffle";
  coord<4> extent;
  index_t r;
  EDVR_HD coord<4> operator()(coord<4> const& o) const {
    return {{o[0], (o[1] * r + o[2] % r) * r + o[3] % r, o[2] / r, o[3] / r}};
  }
};
}  // namespace detail

/// Channels to space: x (n, c r^2, h, w) to (n, c, r h, r w), out[n, c, r y + i, r x + j] = x[n, c r^2 + i r + j, y, x]. Lazy.
/// Throws shape_error unless r >= 1 and r^2 divides the channels. Shi et al., CVPR 2016, eq. 4; same as torch.nn.functional.pixel_shuffle.
/// Activations belong inside, pixel_shuffle(relu(conv(x))): same value, and they are then part of the convolution's store.
template <has_rank<4> X>
auto pixel_shuffle(X&& x, index_t r) {
  auto const s = x.shape();
  if (r < 1 || r > 1024) throw shape_error(text("pixel_shuffle: factor ", r, "; expected 1 to 1024"));
  if (s[1] % (r * r) != 0) throw shape_error(text("pixel_shuffle: x has ", s[1], " channels; expected a multiple of ", r * r, ", because the factor is ", r));
  return detail::mapped{detail::shuffle_map{{{s[0], s[1] / (r * r), s[2] * r, s[3] * r}}, r}, take(std::forward<X>(x))};
}

}  // namespace edvr::v1
