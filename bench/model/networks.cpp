// SPDX-License-Identifier: Apache-2.0
#include "../benchmarks.hpp"
#include "edvr/bench/bench.hpp"
#include "edvr/model/cost.hpp"
#include "edvr/model/video.hpp"
#include "networks.hpp"
using namespace edvr;

namespace {
struct network {
  char const* name;
  edvr_config config;
  index_t h, w;
};
network const all[] = {{"EDVR-M", {}, 180, 320},
                       {"EDVR-L", {.num_feat = 128, .num_reconstruct_block = 40}, 90, 160},
                       {"EDVR-L", {.num_feat = 128, .num_reconstruct_block = 40}, 180, 320}};

nn::edvr_net<float> const& net_of(network const& n) {
  static std::map<std::string, nn::edvr_net<float>> nets;
  auto const [it, is_new] = nets.try_emplace(n.name, n.config);
  if (is_new) nn::init_random(it->second, 1);
  return it->second;
}
/// The float64 network on a small window: whole frames of it would take longer than the benchmark.
std::string verify(network const& n, cpu_executor const& ex) {
  nn::edvr_net<double> exact(n.config);
  nn::init_random(exact, 1);
  auto const x = uniform<float>({1, n.config.num_frame, 3, 32, 32}, 2);
  return bench::difference(net_of(n)(x, {.executor = ex}), exact(eval(cast<double>(x))));
}
}  // namespace

void add_networks(cpu_executor const& ex) {
  for (auto const& n : all) {
    auto const size = text('/', n.w, 'x', n.h);
    double const flop = 2.0 * static_cast<double>(multiply_adds(layers(n.config, n.h, n.w)));
    auto const frames = std::make_shared<tensor<float, 5>>();
    bench::add(std::string(n.name) + " window" + size, {flop, 0}, ex, [=] { return verify(n, ex); },
               [=] {
                 if (!*frames) *frames = uniform<float>({1, n.config.num_frame, 3, n.h, n.w}, 3);
                 benchmark::DoNotOptimize(net_of(n)(*frames, {.executor = ex}));
               });
    // A clip that goes on for ever, frame by frame: what one more frame costs. FLOP as if every window were computed whole.
    auto const clip = std::make_shared<std::unique_ptr<video_restorer<float>>>();
    bench::add(std::string(n.name) + " clip, a frame" + size, {flop, 0}, ex, [=] { return verify(n, ex); },
               [=] {
                 auto const frame = [&] { return uniform<float>({3, n.h, n.w}, 4); };
                 if (!*clip) {
                   *clip = std::make_unique<video_restorer<float>>(net_of(n), video_options<float>{.forward = {.executor = ex}});
                   for (index_t t = 0; t + 1 < n.config.num_frame; ++t) (*clip)->push(frame());
                   while ((*clip)->pop()) {
                   }
                 }
                 (*clip)->push(frame());
                 benchmark::DoNotOptimize((*clip)->pop());
               });
  }
}
