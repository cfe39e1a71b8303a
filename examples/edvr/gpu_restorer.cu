// SPDX-License-Identifier: Apache-2.0
#include "edvr/cuda.hpp"
#include "gpu_restorer.hpp"

namespace program {

namespace {
using namespace edvr;

/// The same options for the network's new place.
video_options<float, gpu> options_on_gpu(video_options<float> const& o) {
  video_options<float, gpu> g;
  g.padding = o.padding, g.spatial = o.spatial, g.ensemble = o.ensemble, g.cache = o.cache, g.split = o.split;
  g.tile = o.tile, g.overlap = o.overlap, g.forward.band = o.forward.band, g.forward.progress = o.forward.progress;
  return g;
}

/// Frames go over pinned memory, while there is any.
template <class Restorer>
class restorer_on_gpu final : public clip_restorer_of<Restorer> {
 public:
  using clip_restorer_of<Restorer>::clip_restorer_of;
  void push(tensor<float, 3> frame) override {
    if (!pinned_ || !(pinned_.shape() == frame.shape())) pin(frame.shape());
    if (pinned_) assign(pinned_, frame), frame = pinned_;
    clip_restorer_of<Restorer>::push(frame);  // copied to the device before it returns
  }

 private:
  void pin(coord<3> const& shape) {
    pinned_ = {};
    if (is_short_) return;
    try {
      pinned_ = empty_pinned<float>(shape);
    } catch (device_error const&) {  // pageable memory is slower, no more
      is_short_ = true;
    }
  }
  tensor<float, 3> pinned_;
  bool is_short_ = false;
};
}  // namespace

void require_gpu(int device) {
  if (device_count() == 0) throw device_error("--device cuda: there is no GPU here that CUDA can use; nvidia-smi would show it");
  if (device >= device_count()) throw device_error(text("--device cuda:", device, ": expected 0 to ", device_count() - 1));
  select_device(device);
}
restorer_factory restorers_on_gpu(int device, nn::edvr_net<float> const& net, video_options<float> const& options,
                                  std::optional<nn::edvr_net<float>> const& second, video_options<float> const& second_options) {
  require_gpu(device);
  using one = video_restorer<float, gpu>;
  auto const o = options_on_gpu(options);
  auto const first = to<gpu>(net);
  if (!second) return [first, o] { return std::make_unique<restorer_on_gpu<one>>(one(first, o)); };
  using two = two_stage_restorer<float, gpu>;
  return [first, o, last = to<gpu>(*second), last_o = options_on_gpu(second_options)] {
    return std::make_unique<restorer_on_gpu<two>>(two(one(first, o), one(last, last_o)));
  };
}
std::string gpus() try {
  std::string s;
  for (int i = 0, n = device_count(); i < n; ++i) s += text(i ? "\n" : "", "cuda:", i, ' ', device_name(i));
  return s.empty() ? "none that CUDA can use" : s;
} catch (device_error const& e) {
  return text("none that works: ", e.what());
}

}  // namespace program
