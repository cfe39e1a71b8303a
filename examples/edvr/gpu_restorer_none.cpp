// SPDX-License-Identifier: Apache-2.0
#include "gpu_restorer.hpp"

namespace program {

std::unique_ptr<clip_restorer> restorer_on_gpu(int, edvr::nn::edvr_net<float> const&, std::optional<edvr::nn::edvr_net<float>> const&, edvr::video_options<float> const&) {
  throw edvr::device_error("--device cuda: this program was built without CUDA; configure with -DEDVR_CUDA=ON, which needs nvcc");
}
std::string gpus() { return "built without CUDA"; }

}  // namespace program
