// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "edvr/core/tensor.hpp"

namespace edvr::inline v1 {

/// Sees intermediate results: observer(name, frame of the window, tensor); frame is -1 for results that belong to the whole window.
/// Names: feat_l1, offset.l1 .. l3, offset.cascade, mask.l1 .. l3, mask.cascade (of single_level_alignment: .features.0 and so on, .l1,
/// .cascade), aligned, temporal_attention, spatial_attention, fusion, reconstruction.
template <class T, class S = cpu>
using observer = std::function<void(std::string_view name, index_t frame, tensor<T, 4, S> const& value)>;

/// An observer of one deformable convolution's offsets and masks, for nn::deform_conv2d_pack. `see` must outlive it.
template <class T, class S>
auto offset_reporter(observer<T, S> const& see, std::string const& level, index_t frame) {
  return [&see, level, frame](auto const& offset, auto const& mask) {
    see(text("offset.", level), frame, offset);
    see(text("mask.", level), frame, mask);
  };
}

/// Told how much of a window is done, 0 to 1; false stops the work, which then throws cancelled.
using progress = std::function<bool(double done)>;
/// Throws cancelled if the answer is to stop.
inline void report(progress const& told, double done) {
  if (told && !told(done)) throw cancelled("EDVR: stopped by the caller");
}

}  // namespace edvr::v1
