// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string_view>

#include "edvr/core/tensor.hpp"

namespace edvr::inline v1 {

/// Sees intermediate results: observer(name, frame of the window, tensor); frame is -1 for results that belong to the whole window.
/// Names: feat_l1, offset.l1 .. l3, offset.cascade, mask.l1 .. l3, mask.cascade, aligned, temporal_attention, spatial_attention, fusion,
/// reconstruction.
template <class T, class S = cpu>
using observer = std::function<void(std::string_view name, index_t frame, tensor<T, 4, S> const& value)>;

/// Told how much of a window is done, 0 to 1; false stops the work, which then throws cancelled.
using progress = std::function<bool(double done)>;

}  // namespace edvr::v1
