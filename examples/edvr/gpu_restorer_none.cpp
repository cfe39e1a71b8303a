// SPDX-License-Identifier: Apache-2.0
#include "gpu_restorer.hpp"

namespace program {

void require_gpu(int) {
  throw edvr::device_error("--device cuda: this program was built without CUDA; configure with -DEDVR_CUDA=ON, which needs nvcc");
}
restorer_factory restorers_on_gpu(int device, edvr::nn::edvr_net<float> const&, edvr::video_options<float> const&,
                                  std::optional<edvr::nn::edvr_net<float>> const&, edvr::video_options<float> const&) {
  require_gpu(device);
  return {};
}
std::string gpus() { return "built without CUDA"; }

}  // namespace program
