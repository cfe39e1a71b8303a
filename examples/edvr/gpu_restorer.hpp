// SPDX-License-Identifier: Apache-2.0
// Restoring on a GPU, behind an interface that the host's compiler can read. gpu_restorer.cu is compiled where the project is configured
// with EDVR_CUDA=ON; gpu_restorer_none.cpp stands in elsewhere and says so.
#pragma once
#include <optional>
#include <string>

#include "clip_restorer.hpp"
#include "edvr/model/video.hpp"

namespace program {

/// Throws device_error if there is no GPU of this number, or this program was built without CUDA.
void require_gpu(int device);
/// Of one network on GPU number `device`, or two in turn. Throws as require_gpu does.
restorer_factory restorers_on_gpu(int device, edvr::nn::edvr_net<float> const& net, edvr::video_options<float> const& options,
                                  std::optional<edvr::nn::edvr_net<float>> const& second, edvr::video_options<float> const& second_options);
/// The GPUs that this program can use, a line each; or why there are none.
std::string gpus();

}  // namespace program
