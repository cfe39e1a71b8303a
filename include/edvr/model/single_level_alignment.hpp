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

/// Alignment on the finest level alone, by deformable convolutions in a row: what the ablation of Wang et al. (CVPRW 2019) sets pcd_alignment against, with
/// one, and with four as in TDAN (Tian et al., CVPR 2020): the first of them deform the offset features themselves, the last but one the neighbour,
/// the last what that gives. Nobody published weights; keys are those of the parts of PCD that do the same, and offset_dcn_pack.0, .1 .. for the first.
template <class T, class S = cpu>
struct single_level_alignment {
  conv2d<T, S> offset_conv1, offset_conv2;
  std::vector<deform_conv2d_pack<T, S>> offset_dcn_pack;  // all but two
  deform_conv2d_pack<T, S> dcn_pack;
  bool cascades = false;
  deform_conv2d_pack<T, S> cas_dcnpack;  // of two or more

  single_level_alignment() = default;
  /// c channels; convolutions: how many deformable ones, at least 1.
  single_level_alignment(index_t c, index_t groups, index_t convolutions) : offset_conv1(2 * c, c, 3), offset_conv2(c, c, 3), dcn_pack(c, groups), cascades(convolutions > 1) {
    for (index_t i = 2; i < convolutions; ++i) offset_dcn_pack.push_back({c, groups});
    if (cascades) cas_dcnpack = {c, groups};
  }

  /// Features (n, c, h, w) of the frame `nbr` moved to where they are in the frame `ref`. frame: its number for the observer.
  template <executor Ex = default_executor_t<S>>
  tensor<T, 4, S> operator()(tensor<T, 4, S> const& nbr, tensor<T, 4, S> const& ref, Ex const& ex = {}, observer<arithmetic_t<T>, S> const& see = {}, index_t frame = 0) const {
    auto const dcn = [&](deform_conv2d_pack<T, S> const& pack, tensor<T, 4, S> const& x, tensor<T, 4, S> const& feat, std::string const& name) {
      return eval<T>(lrelu(see ? pack(x, feat, ex, offset_reporter(see, name, frame)) : pack(x, feat, ex)), ex);
    };
    auto q = eval<T>(lrelu(offset_conv2(lrelu(offset_conv1(concat(nbr, ref))))), ex);
    for (std::size_t i = 0; i < offset_dcn_pack.size(); ++i) q = dcn(offset_dcn_pack[i], q, q, text("features.", i));
    auto const aligned = dcn(dcn_pack, nbr, q, "l1");
    return cascades ? dcn(cas_dcnpack, aligned, aligned, "cascade") : aligned;
  }
  void parameters(auto&& visit) {
    visit("offset_conv1.l1", offset_conv1);
    visit("offset_conv2.l1", offset_conv2);
    visit("offset_dcn_pack", offset_dcn_pack);
    visit("dcn_pack.l1", dcn_pack);
    if (cascades) visit("cas_dcnpack", cas_dcnpack);
  }
};

}  // namespace edvr::inline v1::nn
