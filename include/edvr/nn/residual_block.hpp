// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "edvr/nn/conv2d.hpp"
#include "edvr/ops/arithmetic.hpp"
#include "edvr/ops/leaky_relu.hpp"
#include "edvr/ops/relu.hpp"

namespace edvr::inline v1::nn {

/// x + res_scale * conv2(activation(conv1(x))): residual block without batch norm. EDVR's weights were trained with the rectifier;
/// leaky: make_residual_block<float>(64, fn::leaky_relu<float>{0.1f}). x (n, c, h, w), returns the same shape. Runs at once.
template <class T, class S = cpu, class Activation = fn::relu<arithmetic_t<T>>>
struct residual_block {
  conv2d<T, S> conv1, conv2;
  arithmetic_t<T> res_scale = 1;
  Activation activation = {};

  template <executor Ex = default_executor_t<S>>
  tensor<T, 4, S> operator()(tensor<T, 4, S> const& x, Ex const& ex = {}) const {
    return eval<T>(x + res_scale * conv2(apply_each(activation, conv1(x))), ex);
  }
  void parameters(auto&& visit) {
    visit("conv1", conv1);
    visit("conv2", conv2);
  }
};
/// Two convolutions of 3x3 windows from and to `channels`, weights zero until they are loaded.
template <class T, class S = cpu, class Activation = fn::relu<arithmetic_t<T>>>
residual_block<T, S, Activation> make_residual_block(index_t channels, Activation activation = {}) {
  return {nn::conv2d<T, S>(channels, channels, 3), nn::conv2d<T, S>(channels, channels, 3), 1, activation};
}

/// Blocks one after the other.
template <class T, class S = cpu, class Activation = fn::relu<arithmetic_t<T>>>
using residual_blocks = std::vector<residual_block<T, S, Activation>>;

/// x (n, c, h, w) through all blocks; returns the same shape. Runs at once.
template <class T, class S, class Activation, executor Ex = default_executor_t<S>>
tensor<T, 4, S> run_in_order(residual_blocks<T, S, Activation> const& blocks, tensor<T, 4, S> x, Ex const& ex = {}) {
  for (auto const& block : blocks) x = block(x, ex);
  return x;
}

}  // namespace edvr::inline v1::nn
