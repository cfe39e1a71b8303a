// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>

#include "edvr/model/cost.hpp"
#include "edvr/model/restore_window.hpp"

namespace edvr::inline v1 {

/// Chooses band and cache of `options` so that restoring frames of height x width with one edvr_net<T> keeps its tensors within about
/// `bytes` (the estimate is peak_tensor_bytes, which tests hold to 15 %): first the fastest way that fits, down to bands of eight rows and
/// features computed anew for every window. The result differs by rounding at most (the split goes with the cache). Where that is not
/// enough and `tiles` allows it: tiles, the longer side cut once more until one fits, with a result that differs measurably, not visibly
/// (docs/numerics.md). Throws error, saying what the least is, if even that is too much.
template <class T>
void fit_memory(video_options<arithmetic_t<T>>& options, edvr_config const& config, index_t height, index_t width, index_t bytes,
                bool tiles = false) {
  constexpr auto value_size = static_cast<index_t>(sizeof(arithmetic_t<T>));
  index_t const input = 3 * height * width, output = input * config.scale() * config.scale();
  // Besides what a window takes: its frames as they came, and the ensemble's running mean.
  index_t const beside = (config.num_frame * input + (options.ensemble ? output : 0)) * value_size;
  index_t least = 0;
  for (bool cache : {true, false})
    for (index_t band : {64, 32, 16, 8}) {
      if (cache && (!options.cache || options.ensemble)) continue;
      index_t const needs = peak_tensor_bytes<T>(config, height, width, cache, band) + beside;
      if (needs <= bytes) {
        options.cache = cache, options.split = cache && options.split, options.forward.band = band;
        return;
      }
      least = needs;
    }
  index_t const m = config.size_multiple(), overlap = tile_overlap(options, config);
  auto const side = [m](index_t whole, index_t pieces) { return (whole + pieces * m - 1) / (pieces * m) * m; };
  // The window's frames are there twice, as they came and side by side, and the result is whole.
  index_t const always = beside + (config.num_frame * input + output) * value_size;
  for (index_t down = 1, across = 1; tiles;) {
    pair const tile{side(height, down), side(width, across)};
    // Nearly all of the work would be overlap, or there is nothing left to cut.
    if (std::max(tile.y, tile.x) <= std::max(overlap - 1, m)) break;
    index_t const needs =
        peak_tensor_bytes<T>(config, std::min(height, tile.y + 2 * overlap), std::min(width, tile.x + 2 * overlap), false, 8) + always;
    if (needs <= bytes) {
      options.cache = options.split = false, options.forward.band = 8, options.tile = tile;
      return;
    }
    least = std::min(least, needs);
    (tile.y > tile.x ? down : across) += 1;
  }
  throw error(text("frames of ", width, " x ", height, " need ", (least >> 20) + 1, " MiB for tensors at least; ",
                   std::max<index_t>(bytes, 0) >> 20, " MiB are allowed. Allow more", tiles ? "" : ", or tiles",
                   ", or restore smaller pieces of the frames"));
}

}  // namespace edvr::v1
