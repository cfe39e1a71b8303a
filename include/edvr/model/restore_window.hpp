// SPDX-License-Identifier: Apache-2.0
// One window of any frame size through the network: padding, tiles, flip ensemble.
#pragma once
#include <algorithm>
#include <type_traits>

#include "edvr/model/edvr.hpp"
#include "edvr/model/windows.hpp"
#include "edvr/ops/pad.hpp"

namespace edvr::inline v1 {

/// How a clip is restored.
template <class T, class S = cpu>
struct video_options {
  temporal_padding padding = temporal_padding::reflection_circle;
  pad_mode spatial = pad_mode::reflect;  // what fills a frame up to the size the network takes: reflect or replicate
  bool ensemble = false;                 // mean over four flips
  bool cache = true;                     // keep each frame's features over the windows that share it: the same bits, a fifth less work
  // And PCD's first convolutions in halves (nn::split_alignment), with the cache: the same within rounding, of bfloat16 if that is stored.
  bool split = true;
  // Restore frames in pieces of this many rows and columns, rounded up to what the network takes, without a cache: an approximation, and an
  // observer sees every tile. 0: whole.
  pair tile = 0;
  index_t overlap = 0;  // pixels that a tile sees beyond itself on every side, rounded up likewise; 0: what tile_overlap() says
  nn::forward_options<T, S> forward = {};
  bool in_tiles() const { return tile.y > 0 || tile.x > 0; }
};

/// What a tile must see beyond itself so that its result is close to that of the whole frame (docs/numerics.md): 32 pixels at the first
/// pyramid level, unless the options say otherwise.
template <class T, class S>
index_t tile_overlap(video_options<T, S> const& options, edvr_config const& config) {
  constexpr index_t most = index_t{1} << 24;  // more than any frame has
  index_t const m = config.size_multiple(), wanted = options.overlap > 0 ? std::min(options.overlap, most) : config.hr_in ? 128 : 32;
  return (wanted + m - 1) / m * m;
}

/// x (n, t, 3, h, w) filled up on the bottom and right to multiples of
/// `multiple`; reflect falls back to replicate where a frame is too small.
template <class T, class S, executor Ex = default_executor_t<S>>
tensor<T, 5, S> pad_frames(tensor<T, 5, S> const& x, index_t multiple, pad_mode mode, Ex const& ex = {}) {
  auto const s = x.shape();
  coord<5> after{};
  for (int i = 3; i < 5; ++i) after[i] = (multiple - s[i] % multiple) % multiple;
  if (after[3] == 0 && after[4] == 0) return x;
  if (mode == pad_mode::reflect && (after[3] >= s[3] || after[4] >= s[4])) mode = pad_mode::replicate;
  return eval(pad(x, coord<5>{}, after, mode), ex);
}

template <class T, class S>
tensor<arithmetic_t<T>, 4, S> restore_window(nn::edvr_net<T, S> const& net, std::type_identity_t<tensor<arithmetic_t<T>, 5, S>> const& x,
                                             std::type_identity_t<video_options<arithmetic_t<T>, S>> const& options = {});
namespace detail {
/// Tiles start where whole pixels of every pyramid level start; each runs as a frame of its own and gives what lies inside its overlap.
template <class T, class S>
tensor<arithmetic_t<T>, 4, S> restore_tiles(nn::edvr_net<T, S> const& net, tensor<arithmetic_t<T>, 5, S> const& x,
                                            video_options<arithmetic_t<T>, S> const& options) {
  auto const s = x.shape();
  index_t const m = net.config.size_multiple(), scale = net.config.scale(), overlap = tile_overlap(options, net.config);
  auto const side = [m](index_t asked, index_t whole) { return asked > 0 && asked < whole ? (asked + m - 1) / m * m : whole; };
  index_t const height = side(options.tile.y, s[3]), width = side(options.tile.x, s[4]), across = (s[4] + width - 1) / width,
                tiles = (s[3] + height - 1) / height * across;
  auto whole = options;
  whole.tile = 0;
  auto const y = empty<arithmetic_t<T>, S>(coord<4>{{s[0], 3, s[3] * scale, s[4] * scale}});
  for (index_t i = 0; i < tiles; ++i) {
    if (options.forward.progress)
      whole.forward.progress = [&, i](double done) {
        return options.forward.progress((static_cast<double>(i) + done) / static_cast<double>(tiles));
      };
    index_t const top = i / across * height, left = i % across * width, bottom = std::min(s[3], top + height),
                  right = std::min(s[4], left + width);
    index_t const from_top = std::max<index_t>(0, top - overlap), from_left = std::max<index_t>(0, left - overlap);
    auto const seen = slice(slice(x, 3, from_top, std::min(s[3], bottom + overlap)), 4, from_left, std::min(s[4], right + overlap));
    auto const result = restore_window<T, S>(net, seen, whole);
    auto const inside = [&](auto const& v, index_t row, index_t column) {
      return slice(slice(v, 2, (top - row) * scale, (bottom - row) * scale), 3, (left - column) * scale, (right - column) * scale);
    };
    assign(inside(y, 0, 0), inside(result, from_top, from_left), options.forward.executor);
  }
  return y;
}
}  // namespace detail

/// One window of any frame size through the network: padded, run (four times for the ensemble), cropped.
/// x (n, t, 3, h, w) with h, w >= 1; returns (n, 3, scale h, scale w),
/// not clamped. In tiles, if the options say so. Throws as edvr_net does.
template <class T, class S>
tensor<arithmetic_t<T>, 4, S> restore_window(nn::edvr_net<T, S> const& net, std::type_identity_t<tensor<arithmetic_t<T>, 5, S>> const& x,
                                             std::type_identity_t<video_options<arithmetic_t<T>, S>> const& options) {
  auto const s = x.shape();
  net.check_frames(s);
  if (s[3] < 1 || s[4] < 1) throw shape_error(text("restore_window: input has shape ", s, "; expected no empty frames"));
  auto const& ex = options.forward.executor;
  if (options.in_tiles()) return detail::restore_tiles(net, x, options);
  auto const padded = pad_frames(x, net.config.size_multiple(), options.spatial, ex);
  auto const crop = [&](auto const& y) { return slice(slice(y, 2, 0, s[3] * net.config.scale()), 3, 0, s[4] * net.config.scale()); };
  if (!options.ensemble) return contiguous(crop(net(padded, options.forward)), ex);

  tensor<arithmetic_t<T>, 4, S> sum;
  for (int flips = 0; flips < 4; ++flips) {
    auto forward = options.forward;
    if (forward.progress) forward.progress = [&, flips](double done) { return options.forward.progress((flips + done) / 4); };
    auto const flipped = [&](auto const& v, int rank) {
      auto const across = flips & 1 ? flip(v, rank - 1) : v;
      return flips & 2 ? flip(across, rank - 2) : across;
    };
    auto const y = flipped(net(flipped(padded, 5), forward), 4);
    if (sum)
      assign(sum, sum + y, ex);
    else
      sum = eval(y, ex);
  }
  return contiguous(crop(eval(sum / arithmetic_t<T>(4), ex)), ex);
}

}  // namespace edvr::v1
