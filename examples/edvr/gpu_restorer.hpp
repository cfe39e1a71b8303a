// SPDX-License-Identifier: Apache-2.0
// Restoring on a GPU, behind an interface that the host's compiler can read. gpu_restorer.cu is compiled where the project is configured with
// EDVR_CUDA=ON; gpu_restorer_none.cpp stands in elsewhere and says so.
#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "edvr/model/video.hpp"

namespace program {

/// A video_restorer or two_stage_restorer whose networks are somewhere else.
class clip_restorer {
 public:
  virtual ~clip_restorer() = default;
  virtual void push(edvr::tensor<float, 3> frame) = 0;
  virtual edvr::index_t seek(edvr::index_t frame) = 0;
  virtual void finish() = 0;
  virtual std::optional<edvr::tensor<float, 3>> pop() = 0;
  virtual bool fell_back() const = 0;
};

/// Throws device_error if there is no GPU of this number, or this program was built without CUDA.
void require_gpu(int device);
/// Makes restorers, one for each scene, that share their networks.
using restorer_factory = std::function<std::unique_ptr<clip_restorer>()>;
/// Of one network on GPU number `device`, or two in turn. Throws as require_gpu does.
restorer_factory restorers_on_gpu(int device, edvr::nn::edvr_net<float> const& net, std::optional<edvr::nn::edvr_net<float>> const& second, edvr::video_options<float> const& options);
/// The GPUs that this program can use, a line each; or why there are none.
std::string gpus();

}  // namespace program
