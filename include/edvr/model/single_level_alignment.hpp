// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "edvr/model/observer.hpp"
#include "edvr/nn/conv2d.hpp"
#include "edvr/nn/deform_conv2d.hpp"
#include "edvr/ops/concat.hpp"
#include "edvr/ops/leaky_relu.hpp"

namespace edvr::inline v1::nn {

/// Alignment on the finest level alone, by deformable convolutions in a row: each moves what the one before aligned, by offsets from that and the
/// reference. What the ablation of Wang et al. (CVPRW 2019) sets pcd_alignment against, with one and with four of them. The paper leaves their wiring
/// open; this is PCD's finest level without a coarser one, then PCD's cascading step repeated, and the keys are PCD's, with a number where it repeats.
template <class T, class S = cpu>
struct single_level_alignment {
  conv2d<T, S> offset_conv1, offset_conv2;
  deform_conv2d_pack<T, S> dcn_pack;
  std::vector<conv2d<T, S>> cas_offset_conv1, cas_offset_conv2;
  std::vector<deform_conv2d_pack<T, S>> cas_dcnpack;

  single_level_alignment() = default;
  /// c channels; convolutions: how many deformable ones, at least 1.
  single_level_alignment(index_t c, index_t groups, index_t convolutions) : offset_conv1(2 * c, c, 3), offset_conv2(c, c, 3), dcn_pack(c, groups) {
    for (index_t i = 1; i < convolutions; ++i) {
      cas_offset_conv1.push_back({2 * c, c, 3});
      cas_offset_conv2.push_back({c, c, 3});
      cas_dcnpack.push_back({c, groups});
    }
  }

  /// Features (n, c, h, w) of the frame `nbr` moved to where they are in the frame `ref`. frame: its number for the observer.
  template <executor Ex = default_executor_t<S>>
  tensor<T, 4, S> operator()(tensor<T, 4, S> const& nbr, tensor<T, 4, S> const& ref, Ex const& ex = {}, observer<arithmetic_t<T>, S> const& see = {}, index_t frame = 0) const {
    auto const step = [&](tensor<T, 4, S> const& x, conv2d<T, S> const& conv1, conv2d<T, S> const& conv2, deform_conv2d_pack<T, S> const& pack, std::string const& name) {
      auto const q = eval<T>(lrelu(conv2(lrelu(conv1(concat(x, ref))))), ex);
      return eval<T>(lrelu(see ? pack(x, q, ex, offset_reporter(see, name, frame)) : pack(x, q, ex)), ex);
    };
    auto aligned = step(nbr, offset_conv1, offset_conv2, dcn_pack, "l1");
    for (std::size_t i = 0; i < cas_dcnpack.size(); ++i) aligned = step(aligned, cas_offset_conv1[i], cas_offset_conv2[i], cas_dcnpack[i], text("cascade.", i));
    return aligned;
  }
  void parameters(auto&& visit) {
    visit("offset_conv1.l1", offset_conv1);
    visit("offset_conv2.l1", offset_conv2);
    visit("dcn_pack.l1", dcn_pack);
    visit("cas_offset_conv1", cas_offset_conv1);
    visit("cas_offset_conv2", cas_offset_conv2);
    visit("cas_dcnpack", cas_dcnpack);
  }
};

}  // namespace edvr::inline v1::nn
