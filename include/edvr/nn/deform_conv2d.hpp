// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <type_traits>

#include "edvr/nn/conv2d.hpp"
#include "edvr/ops/deform_conv2d.hpp"
#include "edvr/ops/sigmoid.hpp"

namespace edvr::inline v1::nn {

/// Deformable convolution that predicts its own offsets and masks from a second feature map ("DCN pack"): 3x3, stride 1, padding 1.
template <class T, class S = cpu>
struct deform_conv2d_pack {
  tensor<T, 4, S> weight;              // (c, c, 3, 3)
  tensor<arithmetic_t<T>, 1, S> bias;  // (c)
  conv2d<T, S> conv_offset;  // to 27 channels a deformable group: 18 of interleaved (dy, dx), then 9 of masks before their sigmoid
  std::shared_ptr<edvr::detail::packed_weights<T>> kept = std::make_shared<edvr::detail::packed_weights<T>>();  // as nn::conv2d's

  deform_conv2d_pack() = default;
  deform_conv2d_pack(index_t channels, index_t deformable_groups)
      : weight(unset<T, S>(coord<4>{{channels, channels, 3, 3}})),
        bias(unset<arithmetic_t<T>, S>(coord<1>{{channels}})),
        conv_offset(channels, 27 * deformable_groups, 3) {}

  /// x sampled where `feat` says; both (n, c, h, w). Lazy, but conv_offset runs now.
  /// observe(offset, mask), if given, is called with (n, 18 g, h, w) and (n, 9 g, h, w).
  template <executor Ex = default_executor_t<S>, class Observe = std::nullptr_t>
  auto operator()(tensor<T, 4, S> const& x, tensor<T, 4, S> const& feat, Ex const& ex = {}, Observe const& observe = {}) const {
    auto const raw = eval(conv_offset(feat), ex);  // positions are never rounded to 16 bits
    index_t const split = raw.extent(1) / 3 * 2;
    auto const offset = slice(raw, 1, 0, split);
    auto const mask = slice(raw, 1, split, raw.extent(1));
    if constexpr (!std::is_null_pointer_v<Observe>) observe(offset, eval(sigmoid(mask), ex));
    return edvr::detail::deform_conv2d<algo::automatic>(x, offset, sigmoid(mask), weight, bias, conv2d_params{.padding = 1}, kept);
  }
  void parameters(auto&& visit) {
    visit("weight", weight);
    visit("bias", bias);
    visit("conv_offset", conv_offset);
  }
};

}  // namespace edvr::inline v1::nn
