// SPDX-License-Identifier: Apache-2.0
// A clip's restorer whose type does not say how many networks it has, what they are stored as, or where they are.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "edvr/core/tensor.hpp"

namespace program {

/// edvr::video_restorer's and edvr::two_stage_restorer's functions.
class clip_restorer {
 public:
  virtual ~clip_restorer() = default;
  virtual void push(edvr::tensor<float, 3> frame) = 0;
  virtual edvr::index_t seek(edvr::index_t frame) = 0;
  virtual void finish() = 0;
  virtual std::optional<edvr::tensor<float, 3>> pop() = 0;
  virtual bool fell_back() const = 0;
};
/// Makes restorers, one for each scene, that share their networks.
using restorer_factory = std::function<std::unique_ptr<clip_restorer>()>;

template <class Restorer>
class clip_restorer_of : public clip_restorer {
 public:
  explicit clip_restorer_of(Restorer restorer) : restorer_(std::move(restorer)) {}
  void push(edvr::tensor<float, 3> frame) override { restorer_.push(std::move(frame)); }
  edvr::index_t seek(edvr::index_t frame) override { return restorer_.seek(frame); }
  void finish() override { restorer_.finish(); }
  std::optional<edvr::tensor<float, 3>> pop() override { return restorer_.pop(); }
  bool fell_back() const override { return restorer_.fell_back(); }

 private:
  Restorer restorer_;
};
template <class Restorer>
std::unique_ptr<clip_restorer> as_clip_restorer(Restorer restorer) {
  return std::make_unique<clip_restorer_of<Restorer>>(std::move(restorer));
}

}  // namespace program
