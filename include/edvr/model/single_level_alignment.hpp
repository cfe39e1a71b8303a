// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "edvr/model/lrelu.hpp"
#include "edvr/model/observer.hpp"
#include "edvr/nn/conv2d.hpp"
#include "edvr/nn/deform_conv2d.hpp"
#include "edvr/ops/concat.hpp"

namespace edvr::inline v1::nn {

/// Alignment on the finest level alone, by k deformable convolutions in a row: what pcd_alignment is measured against. With k = 4 they are
/// wired as in TDAN (Tian et al., CVPR 2020): the first k - 2 deform the offset features themselves, the last but one the neighbour, the
/// last what that gives; each has EDVR's masks and leaky ReLU, which TDAN's have not. The one of k = 1 deforms the neighbour. No published
/// weights are known; keys are those of the parts of PCD that do the same, and offset_dcn_pack.0, .1 .. for the first k - 2.
template <class T, class S = cpu>
struct single_level_alignment {
  conv2d<T, S> offset_conv1, offset_conv2;
  std::vector<deform_conv2d_pack<T, S>> offset_dcn_pack;  // the first k - 2
  deform_conv2d_pack<T, S> dcn_pack, cas_dcnpack;         // the last two; cas_dcnpack has no weights if k = 1

  single_level_alignment() = default;
  /// c channels, k >= 1 deformable convolutions.
  single_level_alignment(index_t c, index_t groups, index_t k) : offset_conv1(2 * c, c, 3), offset_conv2(c, c, 3), dcn_pack(c, groups) {
    for (index_t i = 2; i < k; ++i) offset_dcn_pack.push_back({c, groups});
    if (k > 1) cas_dcnpack = {c, groups};
  }

  /// Features (n, c, h, w) of the frame `nbr` moved to where they are in the frame `ref`. frame: its number for the observer.
  template <executor Ex = default_executor_t<S>>
  tensor<T, 4, S> operator()(tensor<T, 4, S> const& nbr, tensor<T, 4, S> const& ref, Ex const& ex = {},
                             observer<arithmetic_t<T>, S> const& see = {}, index_t frame = 0) const {
    auto const dcn = [&](deform_conv2d_pack<T, S> const& pack, tensor<T, 4, S> const& x, tensor<T, 4, S> const& feat,
                         std::string const& name) {
      return eval<T>(lrelu(see ? pack(x, feat, ex, offset_reporter(see, name, frame)) : pack(x, feat, ex)), ex);
    };
    auto q = eval<T>(lrelu(offset_conv2(lrelu(offset_conv1(concat(nbr, ref))))), ex);
    for (std::size_t i = 0; i < offset_dcn_pack.size(); ++i) q = dcn(offset_dcn_pack[i], q, q, text("features.", i));
    auto const aligned = dcn(dcn_pack, nbr, q, "l1");
    return cas_dcnpack.weight ? dcn(cas_dcnpack, aligned, aligned, "cascade") : aligned;
  }
  void parameters(auto&& visit) {
    visit("offset_conv1.l1", offset_conv1);
    visit("offset_conv2.l1", offset_conv2);
    visit("offset_dcn_pack", offset_dcn_pack);
    visit("dcn_pack.l1", dcn_pack);
    if (cas_dcnpack.weight) visit("cas_dcnpack", cas_dcnpack);
  }
};

}  // namespace edvr::inline v1::nn
