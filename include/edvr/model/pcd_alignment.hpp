// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <utility>

#include "edvr/model/lrelu.hpp"
#include "edvr/model/observer.hpp"
#include "edvr/model/split_alignment.hpp"
#include "edvr/nn/deform_conv2d.hpp"
#include "edvr/ops/concat.hpp"
#include "edvr/ops/resize_bilinear.hpp"

namespace edvr::inline v1::nn {

/// Pyramid, cascading and deformable alignment of a neighbouring frame to the reference frame (Wang et al., CVPRW 2019, section 3.2).
/// Offset features go from coarse to fine, doubled because a coarse pixel is two fine ones; aligned features go with them, unscaled.
template <class T, class S = cpu>
struct pcd_alignment {
  on_levels<conv2d<T, S>> offset_conv1, offset_conv2;
  on_fine_levels<conv2d<T, S>> offset_conv3, feat_conv;
  on_levels<deform_conv2d_pack<T, S>> dcn_pack;
  conv2d<T, S> cas_offset_conv1, cas_offset_conv2;
  deform_conv2d_pack<T, S> cas_dcnpack;

  pcd_alignment() = default;
  pcd_alignment(index_t c, index_t groups)
      : offset_conv1{{2 * c, c, 3}, {2 * c, c, 3}, {2 * c, c, 3}},
        offset_conv2{{2 * c, c, 3}, {2 * c, c, 3}, {c, c, 3}},
        offset_conv3{{c, c, 3}, {c, c, 3}},
        feat_conv{{2 * c, c, 3}, {2 * c, c, 3}},
        dcn_pack{{c, groups}, {c, groups}, {c, groups}},
        cas_offset_conv1(2 * c, c, 3),
        cas_offset_conv2(c, c, 3),
        cas_dcnpack(c, groups) {}

  /// Features (n, c, h, w) of the frame `nbr` moved to where they are in the frame `ref`. frame: its number for the observer.
  template <executor Ex = default_executor_t<S>>
  tensor<T, 4, S> operator()(pyramid<T, S> const& nbr, pyramid<T, S> const& ref, Ex const& ex = {},
                             observer<arithmetic_t<T>, S> const& see = {}, index_t frame = 0) const {
    auto const first = [](conv2d<T, S> const& conv, tensor<T, 4, S> const& n, tensor<T, 4, S> const& r) {
      return [&] { return conv(concat(n, r)); };
    };
    return align(
        nbr, first(offset_conv1.l1, nbr.l1, ref.l1), first(offset_conv1.l2, nbr.l2, ref.l2), first(offset_conv1.l3, nbr.l3, ref.l3),
        [&](tensor<T, 4, S> const& f1) { return cas_offset_conv1(concat(f1, ref.l1)); }, ex, see, frame);
  }
  /// The same with the convolutions of (nbr, ref) in halves, made beforehand where they are shared.
  template <executor Ex = default_executor_t<S>>
  tensor<T, 4, S> operator()(split_alignment<T, S> const& split, frame_features<T, S> const& nbr, reference_halves<T, S> const& ref,
                             Ex const& ex = {}, observer<arithmetic_t<T>, S> const& see = {}, index_t frame = 0) const {
    auto const first = [](tensor<T, 4, S> const& n, tensor<T, 4, S> const& r) { return [&] { return n + r; }; };
    return align(
        nbr, first(nbr.half.l1, ref.first.l1), first(nbr.half.l2, ref.first.l2), first(nbr.half.l3, ref.first.l3),
        [&](tensor<T, 4, S> const& f1) { return ref.cascade + split.cascade_aligned(f1); }, ex, see, frame);
  }
  void parameters(auto&& visit) {
    visit("offset_conv1", offset_conv1);
    visit("offset_conv2", offset_conv2);
    visit("offset_conv3", offset_conv3);
    visit("dcn_pack", dcn_pack);
    visit("feat_conv", feat_conv);
    visit("cas_offset_conv1", cas_offset_conv1);
    visit("cas_offset_conv2", cas_offset_conv2);
    visit("cas_dcnpack", cas_dcnpack);
  }

 private:
  /// first1 .. first3, cascade: expressions of what offset_conv1 and cas_offset_conv1 give.
  template <class F1, class F2, class F3, class Cascade, class Ex>
  tensor<T, 4, S> align(pyramid<T, S> const& nbr, F1 const& first1, F2 const& first2, F3 const& first3, Cascade const& cascade,
                        Ex const& ex, observer<arithmetic_t<T>, S> const& see, index_t frame) const {
    auto const dcn = [&](char const* level, auto const& pack, tensor<T, 4, S> const& x, tensor<T, 4, S> const& feat) {
      if (!see) return pack(x, feat, ex);
      return pack(x, feat, ex, offset_reporter(see, level, frame));
    };
    auto const o3 = eval<T>(lrelu(offset_conv2.l3(lrelu(first3()))), ex);
    auto const f3 = eval<T>(lrelu(dcn("l3", dcn_pack.l3, nbr.l3, o3)), ex);

    auto const o2 = refine(first2(), offset_conv2.l2, offset_conv3.l2, o3, ex);
    auto const f2 = eval<T>(lrelu(feat_conv.l2(concat(dcn("l2", dcn_pack.l2, nbr.l2, o2), upsample_bilinear(f3, 2)))), ex);

    auto const o1 = refine(first1(), offset_conv2.l1, offset_conv3.l1, o2, ex);
    auto const f1 = eval<T>(feat_conv.l1(concat(dcn("l1", dcn_pack.l1, nbr.l1, o1), upsample_bilinear(f2, 2))), ex);

    auto const q = eval<T>(lrelu(cas_offset_conv2(lrelu(cascade(f1)))), ex);
    return eval<T>(lrelu(dcn("cascade", cas_dcnpack, f1, q)), ex);
  }
  /// Offset features of one level from its two frames and the coarser level's offset features.
  template <class First, class Ex>
  static auto refine(First&& first, conv2d<T, S> const& conv2, conv2d<T, S> const& conv3, tensor<T, 4, S> const& coarser, Ex const& ex) {
    return eval<T>(
        lrelu(conv3(lrelu(conv2(concat(lrelu(std::forward<First>(first)), arithmetic_t<T>(2) * upsample_bilinear(coarser, 2)))))), ex);
  }
};

}  // namespace edvr::inline v1::nn
