// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "edvr/model/cost.hpp"
#include "edvr/model/video.hpp"

namespace edvr::inline v1 {

/// Chooses band and cache of `options` so that restoring frames of height x width with one network keeps its tensors within about `bytes` (the
/// estimate is peak_tensor_bytes, which tests hold to 15 %): first the fastest way that fits, down to bands of eight rows and features computed anew for every window. The result differs by rounding at most (the split goes with
/// the cache). Throws error, saying what the least is, if even that is too much.
template <class T>
void fit_memory(video_options<T>& options, edvr_config const& config, index_t height, index_t width, index_t bytes) {
  index_t least = 0;
  for (bool cache : {true, false})
    for (index_t band : {64, 32, 16, 8}) {
      if (cache && (!options.cache || options.ensemble)) continue;
      // Besides what a window takes: its frames as they came, and the ensemble's running mean.
      index_t const beside = config.num_frame * 3 * height * width + (options.ensemble ? 3 * height * width * config.scale() * config.scale() : 0);
      index_t const needs = (peak_tensor_bytes(config, height, width, cache, band) / 4 + beside) * static_cast<index_t>(sizeof(T));
      if (needs <= bytes) {
        options.cache = cache, options.split = cache && options.split, options.forward.band = band;
        return;
      }
      least = needs;
    }
  throw error(text("frames of ", width, " x ", height, " need ", (least >> 20) + 1, " MiB for tensors at least; ", bytes >> 20, " MiB are allowed. Allow more, or restore smaller pieces of the frames"));
}

}  // namespace edvr::v1
