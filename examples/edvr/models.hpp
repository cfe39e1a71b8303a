// SPDX-License-Identifier: Apache-2.0
// Models by the options that choose them.
#pragma once
#include <string>

#include "edvr/model/checkpoint.hpp"
#include "edvr/model/video.hpp"
#include "model_options.hpp"
#include "networks.hpp"

namespace program {

/// What -m names: a file, random:NAME, or nothing for the embedded model. Random ones have a configuration and no weights.
struct opened_model {
  edvr::checkpoint weights;
  edvr::edvr_config config;
  bool random = false;
};
opened_model open_model(model_options const& o);

template <class T>
edvr::nn::edvr_net<T> make_net(opened_model const& m, model_options const& o) {
  edvr::nn::edvr_net<T> net(m.config);
  if (m.random)
    edvr::nn::init_random(net, 1);
  else
    edvr::load(net, m.weights, o.allow_nonfinite);
  return net;
}

/// The second stage: another file, in which the first one's key and centre mean nothing.
inline model_options second_stage_of(model_options first, clip_options const& o) {
  first.path = o.stage2, first.key.clear(), first.center = -1;
  return first;
}

template <class T>
edvr::video_options<T> video_options_of(clip_options const& o, edvr::edvr_config const& config) {
  edvr::video_options<T> v;
  v.padding = config.with_predeblur || config.hr_in ? edvr::temporal_padding::replicate : edvr::temporal_padding::reflection_circle;
  if (auto const asked = edvr::temporal_padding_named(o.padding)) v.padding = *asked;
  v.spatial = o.spatial_padding == "replicate" ? edvr::pad_mode::replicate : edvr::pad_mode::reflect;
  v.ensemble = o.ensemble, v.cache = o.cache, v.split = o.split;
  v.forward.executor.threads = o.threads;
  return v;
}

/// The program itself, its libraries, a block of tiles for each thread, and
/// the picture on its way into a file, about four times its 8-bit size.
inline edvr::index_t memory_beside_tensors(edvr::cpu_executor const& ex, edvr::edvr_config const& config, edvr::index_t height,
                                           edvr::index_t width) {
  return (edvr::index_t{12} << 20) + ex.workers() * (edvr::index_t{9} << 18) + 4 * 3 * height * width * config.scale() * config.scale();
}

}  // namespace program
