// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "edvr/core/tensor.hpp"

namespace program {

/// Says where one scene ends and the next begins. Let D(t) be the mean over all pixels of |Y(t) - Y(t - 1)|, with Y the BT.601 luma in
/// [0, 1] of the unrestored frames. Frame t begins a scene if D(t) is at least the threshold and at least three times D(t - 1): motion and
/// flicker change every frame, a cut changes one. It depends on frames t - 2 to t only, so a part of a clip is cut as the whole is.
class scene_cuts {
 public:
  static constexpr double usual_threshold = 0.1;
  explicit scene_cuts(double threshold) : threshold_(threshold) {}

  /// The next frame, RGB (3, h, w): does it begin a scene? The first one does not.
  bool operator()(edvr::tensor<float, 3> const& frame) {
    std::vector<float> luma;
    luma.reserve(static_cast<std::size_t>(frame.size() / 3));
    for (edvr::index_t i = 0; i < frame.extent(1); ++i)
      for (edvr::index_t j = 0; j < frame.extent(2); ++j)
        luma.push_back(0.299f * frame(0, i, j) + 0.587f * frame(1, i, j) + 0.114f * frame(2, i, j));
    double sum = 0;
    bool const known = luma.size() == before_.size() && !luma.empty();
    for (std::size_t i = 0; known && i < luma.size(); ++i) sum += std::fabs(static_cast<double>(luma[i]) - static_cast<double>(before_[i]));
    before_ = std::move(luma);
    double const d = known ? sum / static_cast<double>(before_.size()) : 0, last = std::exchange(last_, d);
    return d >= threshold_ && d >= 3 * last;
  }

 private:
  double threshold_, last_ = 0;
  std::vector<float> before_;
};

}  // namespace program
