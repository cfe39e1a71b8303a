// SPDX-License-Identifier: Apache-2.0
// The network: what it gives on the CPU, what its golden files say, clips with and without cache.
#include <cstdio>
#include <map>

#include "golden.hpp"
#include "gpu.hpp"
using namespace edvr;

namespace {
/// The limit of the CPU's own verification for whole networks.
template <class T>
constexpr double golden_limit = std::is_same_v<T, float> ? 1e-4 : 1e-7;

edvr_config small(bool tsa, bool predeblur, bool hr_in) {
  return {.num_feat = 8,
          .num_frame = 3,
          .deformable_groups = 2,
          .num_extract_block = 1,
          .num_reconstruct_block = 1,
          .hr_in = hr_in,
          .with_predeblur = predeblur,
          .with_tsa = tsa};
}
}  // namespace

TEST_CASE_TEMPLATE("gpu: EDVR gives what its golden files say", T, float, double) {
  proves<T, gpu>({"nn::edvr_net", "nn::residual_block", "nn::deform_conv2d_pack"});
  double worst = 0;
  std::string where;
  for (auto const& g : golden_networks<T>()) {
    CAPTURE(g.name);
    auto const net = to<gpu>(g.net);
    video_options<T, gpu> options;
    options.padding = g.padding, options.ensemble = g.ensemble, options.spatial = g.spatial;
    auto const y =
        g.clip ? restore_clip(video_restorer<T, gpu>(net, options), g.clip) : to<cpu>(restore_window(net, to<gpu>(g.window), options));
    auto const report = edvr::testing::compare(y, g.expected);
    CHECK_MESSAGE(report.max_scaled <= golden_limit<T>, report.summary());
    if (report.max_scaled > worst) worst = report.max_scaled, where = g.name;
  }
  std::printf("golden networks in %s: largest error %.2g (%s)\n", std::is_same_v<T, float> ? "float" : "double", worst, where.c_str());
}
TEST_CASE("gpu: a clip with and without its caches, band sizes") {
  auto const config = small(true, false, false);
  nn::edvr_net<float> net(config);
  init_random(net, 1);
  auto const clip = uniform<float>({5, 3, 10, 14}, 2);
  auto const there = to<gpu>(net);
  video_options<float, gpu> options;
  options.split = false;
  auto const cached = restore_clip(video_restorer<float, gpu>(there, options), clip);
  options.cache = false;
  CHECK_CLOSE(restore_clip(video_restorer<float, gpu>(there, options), clip), cached, 0);
  options.forward.band = 8;
  // cuBLAS may sum products of other sizes in another order.
  CHECK_CLOSE(restore_clip(video_restorer<float, gpu>(there, options), clip), cached, 4000);
  video_options<float> on_cpu;
  CHECK_CLOSE(restore_clip(video_restorer<float>(net, on_cpu), clip), cached, 4000);
}
TEST_CASE("gpu: alignment on one level") {
  auto config = small(false, false, false);
  config.num_alignment_dcn = 2;
  nn::edvr_net<float> net(config);
  init_random(net, 1);
  auto const clip = uniform<float>({3, 3, 8, 12}, 2);
  CHECK_CLOSE(restore_clip(video_restorer<float, gpu>(to<gpu>(net)), clip), restore_clip(video_restorer<float>(net), clip), 4000);
}
TEST_CASE_TEMPLATE("gpu: an observer sees what it sees on the CPU", T, float, double) {
  nn::edvr_net<T> net(small(true, false, false));
  init_random(net, 1);
  auto const x = uniform<T>({1, 3, 3, 8, 4}, 2);
  std::map<std::string, tensor<T, 4>> there, here;
  nn::forward_options<T, gpu> on_gpu;
  on_gpu.see = [&](std::string_view name, index_t frame, tensor<T, 4, gpu> const& v) { there[text(name, frame)] = to<cpu>(v); };
  nn::forward_options<T> on_cpu;
  on_cpu.see = [&](std::string_view name, index_t frame, tensor<T, 4> const& v) { here[text(name, frame)] = clone(v); };
  to<gpu>(net)(to<gpu>(x), on_gpu);
  net(x, on_cpu);
  REQUIRE(there.size() == here.size());
  CHECK(here.size() > 20);
  for (auto const& [name, v] : here) {
    CAPTURE(name);
    CHECK_CLOSE(there.at(name), v, 4000);
  }
}
TEST_CASE("gpu: modules by themselves") {
  auto block = nn::make_residual_block<float>(8);
  block.conv1.weight = normal<float>({8, 8, 3, 3}, 1, 0, 0.1), block.conv2.weight = normal<float>({8, 8, 3, 3}, 2, 0, 0.1);
  block.conv1.bias = normal<float>({8}, 3), block.conv2.bias = normal<float>({8}, 4);
  auto const x = normal<float>({1, 8, 6, 7}, 5);
  CHECK_CLOSE(to<cpu>(to<gpu>(block)(to<gpu>(x))), block(x), 72);
  CHECK_CLOSE(to<cpu>(eval(to<gpu>(block.conv1)(to<gpu>(x)))), eval(block.conv1(x)), 72);
}
TEST_CASE("gpu: a network whose blocks were changed") {
  nn::edvr_net<float> net(small(true, true, false));
  init_random(net, 1);
  net.reconstruction.push_back(net.reconstruction[0]);
  net.feature_extraction[0].res_scale = 0.5f, net.predeblur.resblock_l2_1.res_scale = 0.25f;
  auto const x = uniform<float>({1, net.config.num_frame, 3, 16, 16}, 2);
  CHECK_CLOSE(to<cpu>(to<gpu>(net)(to<gpu>(x))), net(x), 4000);
}
TEST_CASE("gpu: what a network refuses") {
  nn::edvr_net<float> net(small(true, false, false));
  init_random(net, 1);
  auto const there = to<gpu>(net);
  CHECK_THROWS_SAYING(shape_error, "expected (n, 3, 3, h, w)", there(zeros<float, gpu>({1, 2, 3, 4, 4})));
  CHECK_THROWS_SAYING(shape_error, "positive multiples of 4", there(zeros<float, gpu>({1, 3, 3, 5, 4})));
  video_restorer<float, gpu> restorer(there);
  restorer.push(full<float>({3, 8, 8}, std::nanf("")));
  restorer.finish();
  CHECK_THROWS_SAYING(numeric_error, "frame 0", restorer.pop());
}
