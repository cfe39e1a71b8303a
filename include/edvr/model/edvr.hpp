// SPDX-License-Identifier: Apache-2.0
// Video restoration with enhanced deformable convolutions: Wang, Chan, Yu, Dong, Loy, CVPR Workshops 2019.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "edvr/core/random.hpp"
#include "edvr/model/config.hpp"
#include "edvr/model/lrelu.hpp"
#include "edvr/model/pcd_alignment.hpp"
#include "edvr/model/predeblur.hpp"
#include "edvr/model/single_level_alignment.hpp"
#include "edvr/model/tsa_fusion.hpp"
#include "edvr/model/upsampling.hpp"
#include "edvr/nn/to.hpp"
#include "edvr/ops/math.hpp"
#include "edvr/ops/resize_bilinear.hpp"

namespace edvr::inline v1::nn {

/// What a caller may watch and how the work runs. T: what the results are, float or double.
template <class T, class S = cpu>
struct forward_options {
  default_executor_t<S> executor = {};
  observer<T, S> see = {};
  edvr::progress progress = {};
  index_t band = 64;  // rows of the result worked on at once: memory for speed, the same result (of double, and on a GPU: within rounding)
};

/// The network of one configuration. T: what weights and features are stored as. float, double, float16 or bfloat16; the last two compute
/// in float, but bfloat16 multiplies pairs of 16 bits; frames, offsets and sums of colours are float then. Weights are zero until they are
/// loaded (model/checkpoint.hpp) or drawn (init_random).
template <class T, class S = cpu>
struct edvr_net {
  using value = arithmetic_t<T>;
  edvr_config config;
  nn::predeblur<T, S> predeblur;  // with_predeblur, then conv_1x1
  conv2d<T, S> conv_1x1;
  conv2d<value, S> conv_first, conv_first_1;  // neither predeblur nor hr_in; hr_in without predeblur. Colours are not rounded
  conv2d<T, S> conv_first_2, conv_first_3;    // hr_in without predeblur (second stage of super-resolution)
  residual_blocks<T, S> feature_extraction, reconstruction;
  conv2d<T, S> conv_l2_1, conv_l2_2, conv_l3_1, conv_l3_2;
  pcd_alignment<T, S> pcd_align;                    // num_alignment_dcn = 0, and conv_l2_1 to conv_l3_2 with it
  single_level_alignment<T, S> single_level_align;  // otherwise; both are called "pcd_align" in files
  tsa_fusion<T, S> tsa;                             // with_tsa
  conv2d<T, S> plain_fusion;                        // otherwise; both are called "fusion" in files
  nn::upsampling<T, S> upsampling;

  edvr_net() = default;
  /// Throws model_error for a configuration that cannot be built.
  explicit edvr_net(edvr_config const& c) : config((check(c), c)) {
    index_t const f = c.num_feat;
    if (c.with_predeblur)
      predeblur = {f, c.hr_in}, conv_1x1 = {f, f, 1};
    else if (c.hr_in)
      conv_first_1 = {3, f, 3}, conv_first_2 = {f, f, 3, 2}, conv_first_3 = {f, f, 3, 2};
    else
      conv_first = {3, f, 3};
    for (index_t i = 0; i < c.num_extract_block; ++i) feature_extraction.push_back(make_residual_block<T, S>(f));
    if (c.num_alignment_dcn > 0)
      single_level_align = {f, c.deformable_groups, c.num_alignment_dcn};
    else
      conv_l2_1 = {f, f, 3, 2}, conv_l2_2 = {f, f, 3}, conv_l3_1 = {f, f, 3, 2}, conv_l3_2 = {f, f, 3},
      pcd_align = {f, c.deformable_groups};
    if (c.with_tsa)
      tsa = {f, c.num_frame, c.center()};
    else
      plain_fusion = {c.num_frame * f, f, 1};
    for (index_t i = 0; i < c.num_reconstruct_block; ++i) reconstruction.push_back(make_residual_block<T, S>(f));
    upsampling = nn::upsampling<T, S>(f);
  }

  /// x (n, t, 3, h, w), RGB in [0, 1], h and w multiples of config.size_multiple(); returns the restored centre frame
  /// (n, 3, scale h, scale w), not clamped. Throws shape_error, and cancelled if options.progress says so.
  tensor<value, 4, S> operator()(tensor<value, 5, S> const& x, forward_options<value, S> const& options = {}) const {
    check_input(x.shape());
    std::vector<frame_features<T, S>> features;
    index_t const frames = config.num_frame;
    for (index_t t = 0; t < frames; ++t) {
      features.push_back(extract(select(x, 1, t), options.executor));
      report(options.progress, 0.5 * static_cast<double>(t + 1) / static_cast<double>(frames));
    }
    return restore(std::move(features), select(x, 1, config.center()), options);
  }

  /// The second part of the forward pass: from the features of a window's frames, in order, and its centre frame (n, 3, h, w) to the
  /// restored frame. Features are released as they are used up. split: PCD's first convolutions in halves, `features` made with the same;
  /// of no effect on other alignments.
  tensor<value, 4, S> restore(std::vector<frame_features<T, S>> features, tensor<value, 4, S> const& center,
                              forward_options<value, S> const& options = {}, split_alignment<T, S> const* split = nullptr) const {
    auto const& ex = options.executor;
    index_t const frames = config.num_frame;
    if (static_cast<index_t>(features.size()) != frames)
      throw shape_error(text("EDVR: features of ", features.size(), " frames; expected ", frames, ", because the model takes so many"));
    if (config.num_alignment_dcn > 0) split = nullptr;
    auto const frame = [&](index_t t) -> auto& { return features[static_cast<std::size_t>(t)]; };
    if (options.see)
      for (index_t t = 0; t < frames; ++t) options.see("feat_l1", t, to<value>(frame(t).l1, ex));
    std::vector<tensor<T, 4, S>> aligned;
    auto const reference = frame(config.center());
    auto const halves = split ? split->of_reference(reference, ex) : reference_halves<T, S>{};
    for (index_t t = 0; t < frames; ++t) {
      auto const neighbour = std::exchange(frame(t), {});
      if (config.num_alignment_dcn > 0)
        aligned.push_back(single_level_align(neighbour.l1, reference.l1, ex, options.see, t));
      else
        aligned.push_back(split ? pcd_align(*split, neighbour, halves, ex, options.see, t)
                                : pcd_align(neighbour, reference, ex, options.see, t));
      if (options.see) options.see("aligned", t, to<value>(aligned.back(), ex));
      report(options.progress, 0.5 + 0.25 * static_cast<double>(t + 1) / static_cast<double>(frames));
    }
    features.clear();
    auto fused = fuse(std::move(aligned), options);
    if (options.see) options.see("fusion", -1, to<value>(fused, ex));
    report(options.progress, 0.8);
    return reconstruct(std::move(fused), center, options);
  }

  /// Features of one frame (n, 3, h, w); they depend on nothing else, so they may be kept over the windows that share it.
  /// split: with the halves that restore() wants then.
  frame_features<T, S> extract(tensor<value, 4, S> const& x, default_executor_t<S> const& ex = {},
                               split_alignment<T, S> const* split = nullptr) const {
    frame_features<T, S> f;
    f.l1 = run_in_order(feature_extraction, entry(x, ex), ex);
    if (config.num_alignment_dcn > 0) return f;
    f.l2 = eval<T>(lrelu(conv_l2_2(lrelu(conv_l2_1(f.l1)))), ex);
    f.l3 = eval<T>(lrelu(conv_l3_2(lrelu(conv_l3_1(f.l2)))), ex);
    if (split) f.half = split->of_neighbour(f, ex);
    return f;
  }

  void parameters(auto&& visit) {
    if (config.with_predeblur)
      visit("predeblur", predeblur), visit("conv_1x1", conv_1x1);
    else if (config.hr_in)
      visit("conv_first_1", conv_first_1), visit("conv_first_2", conv_first_2), visit("conv_first_3", conv_first_3);
    else
      visit("conv_first", conv_first);
    visit("feature_extraction", feature_extraction);
    if (config.num_alignment_dcn > 0) {
      visit("pcd_align", single_level_align);
    } else {
      visit("conv_l2_1", conv_l2_1);
      visit("conv_l2_2", conv_l2_2);
      visit("conv_l3_1", conv_l3_1);
      visit("conv_l3_2", conv_l3_2);
      visit("pcd_align", pcd_align);
    }
    if (config.with_tsa)
      visit("fusion", tsa);
    else
      visit("fusion", plain_fusion);
    visit("reconstruction", reconstruction);
    upsampling.parameters(visit);
  }
  /// Throws shape_error unless an input (n, t, 3, h, w) has as many frames as the model takes, and colours.
  void check_frames(coord<5> const& s) const {
    if (s[1] != config.num_frame || s[2] != 3)
      throw shape_error(text("EDVR: input has shape ", s, "; expected (n, ", config.num_frame, ", 3, h, w), because the model takes ",
                             config.num_frame, " frames"));
  }

 private:
  void check_input(coord<5> const& s) const {
    index_t const m = config.size_multiple();
    check_frames(s);
    if (s[0] < 1 || s[3] < m || s[4] < m || s[3] % m != 0 || s[4] % m != 0)
      throw shape_error(text("EDVR: input has shape ", s, "; expected h and w to be positive multiples of ", m,
                             " (pad the frames, as video_restorer does)"));
  }
  tensor<T, 4, S> entry(tensor<value, 4, S> const& x, default_executor_t<S> const& ex) const {
    if (config.with_predeblur) return eval<T>(conv_1x1(predeblur(x, ex)), ex);
    if (config.hr_in) return eval<T>(lrelu(conv_first_3(lrelu(conv_first_2(lrelu(conv_first_1(x)))))), ex);
    return eval<T>(lrelu(conv_first(x)), ex);
  }
  tensor<T, 4, S> fuse(std::vector<tensor<T, 4, S>> aligned, forward_options<value, S> const& options) const {
    if (config.with_tsa) return tsa(std::move(aligned), options.executor, options.see);
    auto s = aligned.front().shape();
    index_t const c = s[1];
    s[1] *= config.num_frame;
    auto const all = empty<T, S>(s, channels_last(s));  // (n, t * c, h, w)
    for (index_t t = 0; t < config.num_frame; ++t) {
      assign(slice(all, 1, t * c, (t + 1) * c), aligned[static_cast<std::size_t>(t)], options.executor);
      aligned[static_cast<std::size_t>(t)] = {};
    }
    return eval<T>(plain_fusion(all), options.executor);
  }
  /// features (n, c, h, w) and the centre frame to the output.
  tensor<value, 4, S> reconstruct(tensor<T, 4, S> features, tensor<value, 4, S> const& center,
                                  forward_options<value, S> const& options) const {
    auto const& ex = options.executor;
    auto z = run_in_order(reconstruction, std::move(features), ex);
    if (options.see) options.see("reconstruction", -1, to<value>(z, ex));
    report(options.progress, 0.9);
    auto const s = z.shape();
    auto const y = empty<value, S>(coord<4>{{s[0], 3, 4 * s[2], 4 * s[3]}});
    if (config.hr_in)
      assign(y, center, ex);
    else
      assign(y, upsample_bilinear(center, 4), ex);
    upsampling(z, y, options.band, ex, [&](double done) { report(options.progress, 0.9 + 0.1 * done); });
    return y;
  }
};

/// Weights drawn at random, for timing and tests: activations keep about the
/// size of their input. The same numbers for every T, as it stores them.
template <class T>
void init_random(edvr_net<T, cpu>& net, std::uint64_t seed) {
  for_each_parameter(net, [&]<class E, int R>(std::string const& key, tensor<E, R>& w) {
    index_t fan_in = 1;
    for (int i = 1; i < R; ++i) fan_in *= w.extent(i);
    bool const in_block = key.find("conv2.weight") != std::string::npos && key.find("offset_conv2") == std::string::npos;
    double const deviation = R == 1 ? 0.01 : (in_block ? 0.3 : 1.0) * std::sqrt(1.0 / static_cast<double>(fan_in));
    w = eval<E>(cast<arithmetic_t<E>>(normal<float>(w.shape(), ++seed, 0, deviation)));
  });
}

}  // namespace edvr::inline v1::nn

namespace edvr::inline v1 {

/// The same network with its weights in the memory To: to<gpu>(net). Residual blocks keep their scale, and lists of them their length; of
/// other modules the weights alone are net's. Waits for the copies.
template <memory_space To, class T, class S>
nn::edvr_net<T, To> to(nn::edvr_net<T, S> net) {
  nn::edvr_net<T, To> there(net.config);
  there.feature_extraction = to<To>(net.feature_extraction), there.reconstruction = to<To>(net.reconstruction);
  if (net.config.with_predeblur) {
    auto& d = there.predeblur;
    d.resblock_l3 = to<To>(net.predeblur.resblock_l3), d.resblock_l1 = to<To>(net.predeblur.resblock_l1);
    d.resblock_l2_1 = to<To>(net.predeblur.resblock_l2_1), d.resblock_l2_2 = to<To>(net.predeblur.resblock_l2_2);
  }
  // The rest, whose parameters come in the order of net's.
  std::vector<void const*> weights;
  nn::for_each_parameter(net, [&](std::string const&, auto const& w) { weights.push_back(&w); });
  auto next = weights.begin();
  nn::for_each_parameter(
      there, [&]<class E, int R>(std::string const&, tensor<E, R, To>& w) { w = to<To>(*static_cast<tensor<E, R, S> const*>(*next++)); });
  return there;
}

}  // namespace edvr::v1
