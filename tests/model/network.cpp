// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <map>
#include <set>

#include "networks.hpp"
#include "support.hpp"
using namespace edvr;

namespace {
template <class T>
nn::edvr_net<T> small(edvr_config c) {
  c.num_feat = c.num_feat == 64 ? 8 : c.num_feat;
  c.deformable_groups = c.deformable_groups == 8 ? 2 : c.deformable_groups;
  c.num_extract_block = c.num_reconstruct_block = 1;
  nn::edvr_net<T> net(c);
  nn::init_random(net, 3);
  return net;
}
edvr_config const variants[] = {{},
                                {.with_tsa = false},
                                {.with_predeblur = true},
                                {.hr_in = true, .with_predeblur = true},
                                {.hr_in = true},
                                {.hr_in = true, .with_tsa = false},
                                {.num_feat = 12, .num_frame = 7, .deformable_groups = 3},
                                {.num_frame = 3, .center_frame_idx = 0},
                                {.num_frame = 4},
                                {.num_frame = 1},
                                {.with_tsa = false, .num_alignment_dcn = 1},
                                {.hr_in = true, .num_alignment_dcn = 4}};
}  // namespace

TEST_CASE("every variant runs, in float close to double, for any batch, and says what it sees") {
  proves<float>({"nn::edvr_net"});
  proves<double>({"nn::edvr_net"});
  for (auto const& v : variants) {
    CAPTURE(v.hr_in);
    CAPTURE(v.with_predeblur);
    CAPTURE(v.with_tsa);
    CAPTURE(v.num_frame);
    CAPTURE(v.num_alignment_dcn);
    auto const net = small<float>(v);
    auto const net64 = small<double>(v);
    index_t const side = (sanitized ? 1 : 2) * net.config.size_multiple();
    auto const x = uniform<float>({2, net.config.num_frame, 3, side, side + net.config.size_multiple()}, 5);
    std::map<std::string, int> seen;
    nn::forward_options<float> options;
    options.see = [&](std::string_view name, index_t frame, tensor<float, 4> const& t) {
      ++seen[std::string(name)];
      CHECK(t.extent(0) == 2);
      CHECK(frame < net.config.num_frame);
    };
    auto const y = net(x, options);
    CHECK(y.shape() == shape<4>{{2, 3, side * net.config.scale(), (side + net.config.size_multiple()) * net.config.scale()}});
    auto const y64 = net64(eval(cast<double>(x)));
    CHECK(eval(max(abs(cast<double>(y) - y64))).item() < 1e-4);
    auto const second = net(clone(slice(x, 0, 1, 2)));
    CHECK(allclose(second, slice(y, 0, 1, 2), 0, 1e-6));
    int const frames = static_cast<int>(net.config.num_frame);
    for (auto name : {"feat_l1", "offset.l1", "mask.l1", "aligned"}) CHECK_MESSAGE(seen[name] == frames, name);
    for (auto name : {"offset.l2", "offset.l3"}) CHECK_MESSAGE(seen[name] == (v.num_alignment_dcn > 0 ? 0 : frames), name);
    for (auto name : {"offset.cascade", "mask.cascade"}) CHECK_MESSAGE(seen[name] == (v.num_alignment_dcn == 1 ? 0 : frames), name);
    for (auto name : {"offset.features.0", "mask.features.1"}) CHECK_MESSAGE(seen[name] == (v.num_alignment_dcn == 4 ? frames : 0), name);
    for (auto name : {"fusion", "reconstruction"}) CHECK_MESSAGE(seen[name] == 1, name);
    CHECK(seen["temporal_attention"] == (v.with_tsa ? frames : 0));
    CHECK(seen["spatial_attention"] == (v.with_tsa ? 1 : 0));
  }
}
TEST_CASE_TEMPLATE("stored in sixteen bits every variant is near float, shows what it sees as float, and takes less memory", T, float16,
                   bfloat16) {
  proves<T>({"nn::edvr_net"});
  constexpr bool paired = std::is_same_v<T, bfloat16>;
  for (auto const& v : variants) {
    CAPTURE(v.hr_in);
    CAPTURE(v.with_predeblur);
    CAPTURE(v.with_tsa);
    CAPTURE(v.num_frame);
    CAPTURE(v.num_alignment_dcn);
    auto config = v;
    config.num_feat = sanitized ? 16 : 32, config.deformable_groups = 8;
    auto const net = small<float>(config);
    auto const stored = small<T>(config);
    index_t const side = (sanitized ? 2 : 4) * net.config.size_multiple();
    auto const x = uniform<float>({1, net.config.num_frame, 3, side, side}, 5);
    int seen = 0;
    nn::forward_options<float> options;
    options.see = [&](std::string_view, index_t, tensor<float, 4> const&) { ++seen; };
    auto const want = net(x), y = stored(x, options);
    CHECK(seen > 0);
    double const mean_square = eval(mean((y - want) * (y - want)))();
    CHECK(mean_square < (paired ? 1e-4 : 1e-6));  // 40 and 60 dB
    CHECK(mean_square > 1e-14);                   // or nothing was rounded
    for (int threads : {1, 3}) CHECK(allclose(stored(x, {.executor = {.threads = threads}}), y, 0, 0));
  }
  if (sanitized) return;  // memory is theirs
  auto const net = small<float>({.num_feat = 32, .deformable_groups = 8});
  auto const stored = small<T>({.num_feat = 32, .deformable_groups = 8});
  auto const x = uniform<float>({1, 5, 3, 64, 64}, 5);
  auto const peak = [&](auto const& n) {
    (void)n(x);
    host_memory.peak_bytes = host_memory.bytes.load();
    auto const before = host_memory.bytes.load();
    (void)n(x);
    return static_cast<double>(host_memory.peak_bytes.load() - before);
  };
  CHECK(peak(stored) < 0.7 * peak(net));
  CHECK(static_cast<double>(peak_tensor_bytes<T>(net.config, 64, 64)) < 0.7 * static_cast<double>(peak_tensor_bytes(net.config, 64, 64)));
}
TEST_CASE("the whole network is bit-equal for 1, 2, 3 and 7 threads") {
  auto const net = small<float>({.num_feat = 16});
  auto const x = uniform<float>({1, 5, 3, 36, 28}, 5);
  nn::forward_options<float> options;
  options.executor.threads = 1;
  auto const one = net(x, options);
  for (int threads : {2, 3, 7}) {
    options.executor.threads = threads;
    auto const many = net(x, options);
    CHECK(std::equal(one.data(), one.data() + one.size(), many.data()));
  }
}
TEST_CASE("wrong inputs and configurations are refused in words") {
  auto const net = small<float>({});
  CHECK_THROWS_SAYING(shape_error, "expected (n, 5, 3, h, w), because the model takes 5 frames", net(zeros<float>({1, 4, 3, 8, 8})));
  CHECK_THROWS_SAYING(shape_error, "input has shape (1, 4, 3, 7, 9); expected (n, 5, 3, h, w)",
                      restore_window(net, zeros<float>({1, 4, 3, 7, 9})));
  CHECK_THROWS_SAYING(shape_error, "positive multiples of 4", net(zeros<float>({1, 5, 3, 8, 10})));
  CHECK_THROWS_SAYING(shape_error, "positive multiples of 4", net(zeros<float>({1, 5, 3, 0, 8})));
  CHECK_THROWS_SAYING(shape_error, "positive multiples of 16", small<float>({.hr_in = true})(zeros<float>({1, 5, 3, 8, 16})));
  CHECK_THROWS_SAYING(shape_error, "EDVR: features of 4 frames; expected 5",
                      net.restore({4, net.extract(zeros<float>({1, 3, 8, 8}))}, zeros<float>({1, 3, 8, 8})));
  CHECK_THROWS_SAYING(shape_error, "tsa_fusion: 2 aligned frames; expected more than 2",
                      net.tsa({2, zeros<float>({1, net.config.num_feat, 8, 8})}));
  CHECK_THROWS_SAYING(model_error, "deformable_groups = 5; expected a divisor of num_feat = 64",
                      nn::edvr_net<float>{edvr_config{.deformable_groups = 5}});
  CHECK_THROWS_SAYING(model_error, "center_frame_idx = 5; expected 0 to 4", nn::edvr_net<float>{edvr_config{.center_frame_idx = 5}});
  CHECK_THROWS_SAYING(model_error, "num_frame = 0", nn::edvr_net<float>{edvr_config{.num_frame = 0}});
  CHECK_THROWS_SAYING(model_error, "num_alignment_dcn = 17; expected 0 (PCD) to 16",
                      nn::edvr_net<float>{edvr_config{.num_alignment_dcn = 17}});
  CHECK_THROWS_SAYING(model_error, "10000 reconstruction blocks", nn::edvr_net<float>{edvr_config{.num_reconstruct_block = 10000}});
}
TEST_CASE("alignment on one level is its convolutions, one after another, as plain ops") {
  index_t const c = 4, g = 2;
  auto const nbr = normal<double>({2, c, 6, 5}, 1), ref = normal<double>({2, c, 6, 5}, 2);
  auto const plain = [](nn::conv2d<double> const& m, auto const& x) {
    return eval(leaky_relu(conv2d(x, m.weight, m.bias, {.padding = 1}, algo::reference{}), 0.1));
  };
  auto const deformed = [&](nn::deform_conv2d_pack<double> const& pack, tensor<double, 4> const& x, tensor<double, 4> const& feat) {
    auto const raw = eval(conv2d(feat, pack.conv_offset.weight, pack.conv_offset.bias, {.padding = 1}, algo::reference{}));
    auto const mask = eval(1 / (1 + exp(-slice(raw, 1, 18 * g, 27 * g))));
    return eval(leaky_relu(
        deform_conv2d(x, contiguous(slice(raw, 1, 0, 18 * g)), mask, pack.weight, pack.bias, {.padding = 1}, algo::reference{}), 0.1));
  };
  for (index_t n : {1, 2, 4}) {
    CAPTURE(n);
    nn::edvr_net<double> net({.num_feat = c,
                              .num_frame = 1,
                              .deformable_groups = g,
                              .num_extract_block = 1,
                              .num_reconstruct_block = 1,
                              .num_alignment_dcn = n});
    nn::init_random(net, 3);
    auto const& align = net.single_level_align;
    auto q = plain(align.offset_conv2, plain(align.offset_conv1, eval(concat(nbr, ref))));
    if (n == 4) q = deformed(align.offset_dcn_pack.at(0), q, q), q = deformed(align.offset_dcn_pack.at(1), q, q);
    auto want = deformed(align.dcn_pack, nbr, q);
    if (n > 1) want = deformed(align.cas_dcnpack, want, want);
    CHECK(eval(max(abs(align(nbr, ref) - want))).item() < 1e-12);
    CHECK(nn::parameter_count(align) == c * (2 * c + c) * 9 + 2 * c + n * (c * c * 9 + c + 27 * g * (c * 9 + 1)));
  }
}
TEST_CASE("progress goes from 0 to 1 and can cancel") {
  auto const net = small<float>({});
  auto const x = uniform<float>({1, 5, 3, 8, 8}, 5);
  double last = 0;
  nn::forward_options<float> options;
  options.progress = [&](double done) {
    CHECK(done > last);
    CHECK(done <= 1);
    last = done;
    return true;
  };
  net(x, options);
  CHECK(last == 1);
  options.progress = [](double done) { return done < 0.5; };
  CHECK_THROWS_AS(net(x, options), cancelled);
  options.progress = [](double) -> bool { throw std::runtime_error("from the callback"); };
  CHECK_THROWS_AS(net(x, options), std::runtime_error);
}
TEST_CASE("multiply-adds and parameters are those that the published configurations have") {
  struct row {
    char const* name;
    double giga;
    index_t parameters;
  } const rows[] = {{"EDVR_M_x4_SR_REDS", 486.8, 3300131},
                    {"EDVR_M_woTSA_x4_SR_REDS", 469.1, 2996259},
                    {"EDVR_L_x4_SR_REDS", 2115.5, 20633827},
                    {"EDVR_L_woTSA_x4_SR_REDS", 2044.8, 19419875},
                    {"EDVR_L_x4_SR_Vimeo90K", 2625.5, 20699363},
                    {"EDVR_L_x4_SRblur_REDS", 2605.9, 23306851},
                    {"EDVR_L_deblur_REDS or EDVR_L_deblurcomp_REDS", 2833.2, 23602019},
                    {"EDVR_REDS_SR_Stage2", 2003.0, 15025635},
                    {"EDVR_REDS_SRblur_Stage2, _deblur_Stage2 or _deblurcomp_Stage2", 2493.5, 17698659}};
  REQUIRE(std::size(rows) == std::size(published_models));
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    auto const& m = published_models[i];
    CAPTURE(m.name);
    CHECK(m.name == rows[i].name);
    index_t const s = m.config.hr_in ? 4 : 1;
    CHECK(std::fabs(static_cast<double>(multiply_adds(layers(m.config, 180 * s, 320 * s))) / 1e9 - rows[i].giga) < 0.06);
    CHECK(nn::parameter_count(nn::edvr_net<float>(m.config)) == rows[i].parameters);
    CHECK(nearest_published(m.config) == m.name);
  }
  CHECK(contains(nearest_published({.num_feat = 48}), "EDVR_M_x4_SR_REDS, but for num_feat = 48 (64 there)"));
}
TEST_CASE("the cost of what no computer runs is refused, not counted wrongly") {
  edvr_config const huge{.num_feat = 4096, .num_frame = 99, .deformable_groups = 8, .num_extract_block = 4};
  CHECK(multiply_adds(layers(huge, 64, 64)) > 0);
  CHECK_THROWS_SAYING(model_error, "a window of 16384 x 16384 takes", layers(huge, 16384, 16384));
}
TEST_CASE("EDVR-M runs its 3x3 convolutions by Winograd's algorithm and the rest directly") {
  auto const all = layers(edvr_config{}, 180, 320);
  CHECK(all.size() == 72);
  int deformable = 0;
  for (auto const& l : all) {
    bool const stride_2 = l.name == "conv_l2_1" || l.name == "conv_l3_1", few = l.name == "conv_first" || l.name == "conv_last";
    CHECK((l.runs_as == algorithm::winograd) == (l.kernel == 3 && !l.deformable && !stride_2 && !few));
    CHECK((l.runs_as == algorithm::winograd || l.runs_as == algorithm::direct));
    deformable += l.deformable;
  }
  CHECK(deformable == 4);
  for (index_t n : {1, 2, 3, 4, 6}) {
    auto const single = layers({.num_alignment_dcn = n}, 64, 64);
    CHECK(std::count_if(single.begin(), single.end(), [](auto const& l) { return l.deformable && l.runs_as == algorithm::direct; }) == n);
  }
  static_assert(choose<algo::automatic, float, cpu>() == algorithm::direct);
  static_assert(choose<algo::automatic, double, cpu>() == algorithm::im2col);
  static_assert(choose<algo::automatic, long double, cpu>() == algorithm::reference);
  static_assert(choose<algo::automatic, float, gpu>() == algorithm::im2col);
  static_assert(choose<algo::reference, float, cpu>() == algorithm::reference);
}
TEST_CASE("the memory foreseen for a window is what its tensors take, within 15 %" * doctest::skip(sanitized)) {
  for (auto const& v : variants) {
    auto const net = small<float>({.num_feat = 32,
                                   .num_frame = v.num_frame,
                                   .deformable_groups = 8,
                                   .hr_in = v.hr_in,
                                   .with_predeblur = v.with_predeblur,
                                   .with_tsa = v.with_tsa,
                                   .num_alignment_dcn = v.num_alignment_dcn});
    index_t const side = net.config.hr_in ? 160 : 48;
    auto const x = uniform<float>({1, v.num_frame, 3, side, side}, 1);
    host_memory.peak_bytes = host_memory.bytes.load();
    auto const before = host_memory.bytes.load() - static_cast<std::int64_t>(sizeof(float)) * (x.size() + nn::parameter_count(net));
    (void)net(x);
    double const peak = static_cast<double>(host_memory.peak_bytes.load() - before),
                 foreseen = static_cast<double>(peak_tensor_bytes(net.config, side, side));
    CAPTURE(v.hr_in);
    CAPTURE(v.with_predeblur);
    CAPTURE(v.with_tsa);
    CAPTURE(v.num_frame);
    CAPTURE(v.num_alignment_dcn);
    CAPTURE(peak);
    CAPTURE(foreseen);
    CHECK(foreseen > 0.85 * peak);
    CHECK(foreseen < 1.15 * peak);
  }
}
TEST_CASE("the memory foreseen for a clip, with any band, is what its tensors take, within 15 %" * doctest::skip(sanitized)) {
  for (index_t convolutions : {0, 1, 4}) {
    auto const net = small<float>({.num_feat = 32, .deformable_groups = 8, .num_alignment_dcn = convolutions});
    for (index_t band : {64, 16, 8})
      for (bool cache : {true, false}) {
        if (convolutions > 0 && band < 64) continue;  // the same bands, whatever aligns
        auto const clip = uniform<float>({8, 3, 64, 96}, 1);
        (void)net(uniform<float>({1, 5, 3, 8, 8}, 1));  // weights packed before: they are counted apart
        auto const packed = 4 * packed_weight_count(layers(net.config, 64, 96)) + 4 * nn::parameter_count(net);
        video_restorer<float> restorer(net, {.cache = cache, .split = cache, .forward = {.band = band}});
        host_memory.peak_bytes = host_memory.bytes.load();
        auto const before = host_memory.bytes.load();
        for (index_t t = 0; t < 8; ++t) {
          restorer.push(select(clip, 0, t));
          restorer.pop();
        }
        double const peak = static_cast<double>(host_memory.peak_bytes.load() - before),
                     foreseen = static_cast<double>(peak_tensor_bytes(net.config, 64, 96, cache, band) - packed);
        CAPTURE(convolutions);
        CAPTURE(band);
        CAPTURE(cache);
        CAPTURE(peak);
        CAPTURE(foreseen);
        CHECK(foreseen > 0.85 * peak);
        CHECK(foreseen < 1.15 * peak);
      }
  }
}
