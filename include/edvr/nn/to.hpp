// SPDX-License-Identifier: Apache-2.0
// Modules in another memory: to<gpu>(block).
#pragma once
#include "edvr/nn/conv2d.hpp"
#include "edvr/nn/deform_conv2d.hpp"
#include "edvr/nn/residual_block.hpp"

namespace edvr::inline v1 {

/// The same module with its weights in the memory To. Waits for the copies.
template <memory_space To, class T, class S>
nn::conv2d<T, To> to(nn::conv2d<T, S> const& m) {
  nn::conv2d<T, To> r;
  r.weight = to<To>(m.weight), r.bias = to<To>(m.bias), r.p = m.p;
  return r;
}
template <memory_space To, class T, class S>
nn::deform_conv2d_pack<T, To> to(nn::deform_conv2d_pack<T, S> const& m) {
  nn::deform_conv2d_pack<T, To> r;
  r.weight = to<To>(m.weight), r.bias = to<To>(m.bias), r.conv_offset = to<To>(m.conv_offset);
  return r;
}
template <memory_space To, class T, class S, class Activation>
nn::residual_block<T, To, Activation> to(nn::residual_block<T, S, Activation> const& m) {
  return {to<To>(m.conv1), to<To>(m.conv2), m.res_scale, m.activation};
}
template <memory_space To, class T, class S, class Activation>
nn::residual_blocks<T, To, Activation> to(nn::residual_blocks<T, S, Activation> const& blocks) {
  nn::residual_blocks<T, To, Activation> r;
  for (auto const& block : blocks) r.push_back(to<To>(block));
  return r;
}

}  // namespace edvr::v1
