// SPDX-License-Identifier: Apache-2.0
// What conv2d_bands multiplies for a deform_conv2d: samples, channels
// side by side, so that neighbouring threads read neighbouring elements.
#pragma once
#include <cmath>

#include "edvr/ops/conv2d_bands.hpp"

namespace edvr::inline v1::fn {

/// Positions (row, w, g, tap, a) as in fn::column. x has its channels side
/// by side; a channel's offset group is that of its `shared` neighbours.
template <class T, class S, class O, class M>
struct deformed_column {
  static constexpr bool packs = packable<T>;
  view<T const, 4, S> x;
  O offset;
  M mask;
  conv2d_params p;
  index_t s, taps, channels, shared, height;
  index_t first_row = 0;
  bool unit(int axis) const { return axis == 4 && x.unit(1); }
  template <int W>
  bool aligned(int) const {
    return channels % W == 0 && shared % W == 0 && detail::packs_are_aligned<W>(x, 1);
  }

  struct blend {
    T w[4];
    EDVR_HD T operator()(T const& a, T const& b, T const& c, T const& d) const { return w[0] * a + w[1] * b + w[2] * c + w[3] * d; }
  };
  EDVR_HD static coord<4> with_channel(coord<4> const&, coord<4> const& at) { return at; }
  template <int W>
  EDVR_HD static lanes<W, 4, 1> with_channel(lanes<W, 4, 1> const&, coord<4> const& at) {
    return {at};
  }
  EDVR_HD static T same(coord<4> const&, T const& v) { return v; }
  template <int W>
  EDVR_HD static pack<T, W> same(lanes<W, 4, 1> const&, T const& v) {
    pack<T, W> p;
    for (int i = 0; i < W; ++i) p.lane[i] = v;
    return p;
  }
  /// The sample for the column at `at`; Kind says whether one channel is wanted or a pack.
  template <class Kind>
  EDVR_HD auto sample(Kind const& kind, coord<5> const& at) const {
    index_t const row = first_row + at[0], n = row / height, h = row % height, channel = at[2] * channels + at[4],
                  k = channel / shared * taps + at[3];
    T const py = static_cast<T>(h * p.stride.y - p.padding.y + at[3] / s * p.dilation.y) + offset(coord<4>{{n, 2 * k, h, at[1]}});
    T const px = static_cast<T>(at[1] * p.stride.x - p.padding.x + at[3] % s * p.dilation.x) + offset(coord<4>{{n, 2 * k + 1, h, at[1]}});
    T const m = mask(coord<4>{{n, k, h, at[1]}});
    // In floating point before the cast: a huge value has no integer, and a NaN is outside.
    if (!(py > T(-1) && py < static_cast<T>(x.extent[2]) && px > T(-1) && px < static_cast<T>(x.extent[3]))) return same(kind, m * T(0));
    using std::floor;
    T const fy = floor(py), fx = floor(px), ly = py - fy, lx = px - fx;
    index_t const y0 = static_cast<index_t>(fy), x0 = static_cast<index_t>(fx);
    auto const corner = [&](index_t y, index_t v) {
      return y >= 0 && y < x.extent[2] && v >= 0 && v < x.extent[3] ? x(with_channel(kind, coord<4>{{n, channel, y, v}}))
                                                                    : same(kind, T(0));
    };
    blend const f{{(T(1) - ly) * (T(1) - lx) * m, (T(1) - ly) * lx * m, ly * (T(1) - lx) * m, ly * lx * m}};
    return edvr::apply(f, corner(y0, x0), corner(y0, x0 + 1), corner(y0 + 1, x0), corner(y0 + 1, x0 + 1));
  }
  EDVR_HD T operator()(coord<5> const& at) const { return sample(coord<4>{}, at); }
  template <int W, int Axis>
  EDVR_HD pack<T, W> operator()(lanes<W, 5, Axis> const& l) const {
    return sample(lanes<W, 4, 1>{}, l.at);
  }
};

}  // namespace edvr::v1::fn
