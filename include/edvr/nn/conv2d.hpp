// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <utility>

#include "edvr/nn/module.hpp"
#include "edvr/ops/conv2d.hpp"

namespace edvr::inline v1::nn {

/// Convolution with its weights, stored as T; same as torch.nn.Conv2d. Calling it is lazy, as edvr::conv2d is. On a CPU the first
/// call packs weights of float and 16 bits, and later ones use what it packed: to change weights give the module a new tensor, for writing
/// into the old one is not noticed.
/// Copies share what they pack. Borrowed weights are packed anew at every call, which takes time: clone them.
template <class T, class S = cpu>
struct conv2d {
  tensor<T, 4, S> weight;              // (k, c / groups, r, s)
  tensor<arithmetic_t<T>, 1, S> bias;  // (k)
  conv2d_params p;
  std::shared_ptr<edvr::detail::packed_weights<T>> kept = std::make_shared<edvr::detail::packed_weights<T>>();

  conv2d() = default;
  /// A square kernel of an odd side, padded so that stride 1 keeps the size. Until weights are loaded every one is the same stored zero.
  conv2d(index_t in_channels, index_t out_channels, index_t kernel, index_t stride = 1)
      : weight(unset<T, S>(coord<4>{{out_channels, in_channels, kernel, kernel}})),
        bias(unset<arithmetic_t<T>, S>(coord<1>{{out_channels}})),
        p{.stride = stride, .padding = kernel / 2} {}

  template <has_rank<4> X>
  auto operator()(X&& x) const {
    return edvr::detail::conv2d<algo::automatic>(std::forward<X>(x), weight, bias, p, kept);
  }
  void parameters(auto&& visit) {
    visit("weight", weight);
    visit("bias", bias);
  }
};

}  // namespace edvr::inline v1::nn
