// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <utility>
#include <vector>

#include "edvr/model/lrelu.hpp"
#include "edvr/model/observer.hpp"
#include "edvr/nn/conv2d.hpp"
#include "edvr/ops/attention.hpp"
#include "edvr/ops/concat.hpp"
#include "edvr/ops/pool2d.hpp"
#include "edvr/ops/resize_bilinear.hpp"

namespace edvr::inline v1::nn {

/// Temporal and spatial attention fusion of the aligned features of a window (Wang et al., CVPRW 2019, section 3.3).
template <class T, class S = cpu>
struct tsa_fusion {
  index_t center = 0;
  conv2d<T, S> temporal_attn1, temporal_attn2, feat_fusion;  // attn1 embeds the reference frame, attn2 every frame
  conv2d<T, S> spatial_attn1, spatial_attn2, spatial_attn3, spatial_attn4, spatial_attn5;
  conv2d<T, S> spatial_attn_l1, spatial_attn_l2, spatial_attn_l3, spatial_attn_add1, spatial_attn_add2;

  tsa_fusion() = default;
  tsa_fusion(index_t c, index_t num_frame, index_t center_frame_idx)
      : center(center_frame_idx),
        temporal_attn1(c, c, 3),
        temporal_attn2(c, c, 3),
        feat_fusion(num_frame * c, c, 1),
        spatial_attn1(num_frame * c, c, 1),
        spatial_attn2(2 * c, c, 1),
        spatial_attn3(c, c, 3),
        spatial_attn4(c, c, 1),
        spatial_attn5(c, c, 3),
        spatial_attn_l1(c, c, 1),
        spatial_attn_l2(2 * c, c, 3),
        spatial_attn_l3(c, c, 3),
        spatial_attn_add1(c, c, 1),
        spatial_attn_add2(c, c, 1) {}

  /// aligned: one (n, c, h, w) a frame, released one by one as they are used; returns (n, c, h, w). Throws shape_error.
  template <executor Ex = default_executor_t<S>>
  tensor<T, 4, S> operator()(std::vector<tensor<T, 4, S>> aligned, Ex const& ex = {}, observer<arithmetic_t<T>, S> const& see = {}) const {
    if (center < 0 || center >= static_cast<index_t>(aligned.size()))
      throw shape_error(text("tsa_fusion: ", aligned.size(), " aligned frames; expected more than ", center, ", the centre's position"));
    auto masked = weigh_frames(std::move(aligned), ex, see);  // (n, t * c, h, w)
    auto const feat = eval<T>(lrelu(feat_fusion(masked)), ex);
    auto s = eval<T>(lrelu(spatial_attn1(masked)), ex);
    masked = {};

    pool2d_params const half{.kernel_size = 3, .stride = 2, .padding = 1};
    s = eval<T>(lrelu(spatial_attn2(concat(max_pool2d(s, half), avg_pool2d(s, half)))), ex);  // (n, c, h / 2, w / 2)
    auto l = eval<T>(lrelu(spatial_attn_l1(s)), ex);
    l = eval<T>(lrelu(spatial_attn_l2(concat(max_pool2d(l, half), avg_pool2d(l, half)))), ex);  // (n, c, h / 4, w / 4)
    s = eval<T>(lrelu(spatial_attn3(s)) + upsample_bilinear(lrelu(spatial_attn_l3(l)), 2), ex);
    s = eval<T>(spatial_attn5(upsample_bilinear(lrelu(spatial_attn4(s)), 2)), ex);  // (n, c, h, w)
    if (see) see("spatial_attention", -1, eval(sigmoid(s), ex));
    return eval<T>(spatial_attention_gate(feat, s, spatial_attn_add2(lrelu(spatial_attn_add1(s)))), ex);
  }
  void parameters(auto&& visit) {
    visit("temporal_attn1", temporal_attn1);
    visit("temporal_attn2", temporal_attn2);
    visit("feat_fusion", feat_fusion);
    visit("spatial_attn1", spatial_attn1);
    visit("spatial_attn2", spatial_attn2);
    visit("spatial_attn3", spatial_attn3);
    visit("spatial_attn4", spatial_attn4);
    visit("spatial_attn5", spatial_attn5);
    visit("spatial_attn_l1", spatial_attn_l1);
    visit("spatial_attn_l2", spatial_attn_l2);
    visit("spatial_attn_l3", spatial_attn_l3);
    visit("spatial_attn_add1", spatial_attn_add1);
    visit("spatial_attn_add2", spatial_attn_add2);
  }

 private:
  /// Every frame times its temporal attention, frame after frame along the channels.
  template <class Ex>
  tensor<T, 4, S> weigh_frames(std::vector<tensor<T, 4, S>> aligned, Ex const& ex, observer<arithmetic_t<T>, S> const& see) const {
    auto const reference = eval<T>(temporal_attn1(aligned[static_cast<std::size_t>(center)]), ex);
    auto s = reference.shape();
    index_t const c = s[1];
    s[1] *= static_cast<index_t>(aligned.size());
    auto masked = empty<T, S>(s, channels_last(s));
    for (std::size_t t = 0; t < aligned.size(); ++t) {
      auto const attention = eval(temporal_attention(temporal_attn2(aligned[t]), reference), ex);  // (n, 1, h, w)
      auto const from = static_cast<index_t>(t) * c;
      if (see) see("temporal_attention", static_cast<index_t>(t), attention);
      assign(slice(masked, 1, from, from + c), temporal_attention_gate(aligned[t], attention), ex);
      aligned[t] = {};
    }
    return masked;
  }
};

}  // namespace edvr::inline v1::nn
