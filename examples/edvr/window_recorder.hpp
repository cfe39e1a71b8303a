// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <vector>

#include "edvr/io/any_tensor.hpp"
#include "edvr/model/observer.hpp"
#include "edvr/ops/views.hpp"

namespace program {

/// Keeps what the network shows, frame by frame, and lays it out as tensors of the whole window.
template <class T>
class window_recorder {
 public:
  edvr::observer<T> see() {
    return [this](std::string_view name, edvr::index_t, edvr::tensor<T, 4> const& v) { seen_[std::string(name)].push_back(v); };
  }
  /// aligned (B, T, C, h, w), temporal_attention (B, T, h, w); other per-frame ones (B T, C, h, w), the rest (B, C, h, w).
  edvr::tensor_map tensors() const {
    edvr::tensor_map all;
    for (auto const& [name, frames] : seen_) {
      auto const s = frames.front().shape();
      auto const t = static_cast<edvr::index_t>(frames.size());
      auto const window = edvr::empty<T>(edvr::coord<5>{{s[0], t, s[1], s[2], s[3]}});
      for (edvr::index_t i = 0; i < t; ++i) edvr::assign(edvr::select(window, 1, i), frames[static_cast<std::size_t>(i)]);
      if (name == "aligned")
        all.emplace(name, edvr::any_tensor(window));
      else if (name == "temporal_attention")
        all.emplace(name, edvr::any_tensor(edvr::squeeze(window, 2)));
      else
        all.emplace(name, edvr::any_tensor(edvr::reshape(window, edvr::coord<4>{{s[0] * t, s[1], s[2], s[3]}})));
    }
    return all;
  }

 private:
  std::map<std::string, std::vector<edvr::tensor<T, 4>>> seen_;
};

}  // namespace program
