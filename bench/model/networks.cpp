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
                       {"EDVR-L", {.num_feat = 128, .num_reconstruct_block = 40}, 88, 160},
                       {"EDVR-L", {.num_feat = 128, .num_reconstruct_block = 40}, 180, 320}};

template <class T>
nn::edvr_net<T> const& net_of(network const& n) {
  static std::map<std::string, nn::edvr_net<T>> nets;
  auto const [it, is_new] = nets.try_emplace(n.name, n.config);
  if (is_new) nn::init_random(it->second, 1);
  return it->second;
}
/// Against the float64 network on small frames: whole ones would take longer than the benchmark.
tensor<float, 5> small_window(network const& n) { return uniform<float>({1, n.config.num_frame, 3, 32, 32}, 2); }
template <class T>
constexpr dtype stores = std::is_same_v<T, bfloat16> ? dtype::bfloat16 : dtype::float32;
template <class T>
std::string verify(network const& n, tensor<float, 4> const& y) {
  nn::edvr_net<double> exact(n.config);
  nn::init_random(exact, 1);
  return bench::difference(y, exact(eval(cast<double>(small_window(n)))), bench::limit_of(stores<T>));
}
template <class T>
std::string verify_window(network const& n, cpu_executor const& ex) {
  return verify<T>(n, net_of<T>(n)(small_window(n), {.executor = ex}));
}
/// The middle frame of a clip of one window, through the feature cache and the split alignment.
template <class T>
std::string verify_clip(network const& n, cpu_executor const& ex) {
  auto const y = restore_clip(video_restorer<T>(net_of<T>(n), {.forward = {.executor = ex}}), squeeze(small_window(n), 0));
  return verify<T>(n, slice(y, 0, n.config.center(), n.config.center() + 1));
}
/// A clip that goes on for ever: each step is one frame in, one restored frame out.
template <class T>
class endless_clip {
 public:
  endless_clip(network const& n, cpu_executor const& ex)
      : frame_(uniform<float>({3, n.h, n.w}, 4)), restorer_(net_of<T>(n), {.forward = {.executor = ex}}) {
    for (index_t t = 0; t < n.config.num_frame + 2; ++t) step();  // until every step finds what it shares with the one before
    while (restorer_.pop()) {
    }
  }
  std::optional<tensor<float, 3>> step() {
    restorer_.push(frame_);
    return restorer_.pop();
  }

 private:
  tensor<float, 3> frame_;
  video_restorer<T> restorer_;
};

template <class T>
void add_network(network const& n, std::string const& precision, cpu_executor const& ex) {
  auto const size = text('/', n.w, 'x', n.h, precision);
  bench::work const work{2.0 * static_cast<double>(multiply_adds(layers(n.config, n.h, n.w))), 0, stores<T>};
  auto const frames = std::make_shared<tensor<float, 5>>();
  bench::add(
      std::string(n.name) + " window" + size, work, ex,
      [=] {
        *frames = uniform<float>({1, n.config.num_frame, 3, n.h, n.w}, 3);
        return verify_window<T>(n, ex);
      },
      [=] { benchmark::DoNotOptimize(net_of<T>(n)(*frames, {.executor = ex})); });
  // What one more frame costs. FLOP as if every window were computed whole.
  auto const clip = std::make_shared<std::unique_ptr<endless_clip<T>>>();
  bench::add(
      std::string(n.name) + " clip, a frame" + size, work, ex,
      [=] {
        if (!*clip) *clip = std::make_unique<endless_clip<T>>(n, ex);
        return verify_clip<T>(n, ex);
      },
      [=] { benchmark::DoNotOptimize((*clip)->step()); });
}
}  // namespace

void add_networks(cpu_executor const& ex) {
  for (auto const& n : all) {
    add_network<float>(n, "", ex);
    add_network<bfloat16>(n, "/bfloat16", ex);
  }
}
