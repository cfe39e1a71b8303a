// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "edvr/core/tensor.hpp"

namespace edvr::inline v1::nn {

/// Features of one frame at full, half and quarter size.
template <class T, class S = cpu>
struct pyramid {
  tensor<T, 4, S> l1, l2, l3;
};
/// One module a level, finest first; keys end in ".l1" and so on.
template <class M>
struct on_levels {
  M l1, l2, l3;
  void parameters(auto&& visit) {
    visit("l1", l1);
    visit("l2", l2);
    visit("l3", l3);
  }
};
template <class M>
struct on_fine_levels {
  M l1, l2;
  void parameters(auto&& visit) {
    visit("l1", l1);
    visit("l2", l2);
  }
};

/// What is kept of one frame from window to window.
template <class T, class S = cpu>
struct frame_features : pyramid<T, S> {
  pyramid<T, S> half;  // of a split alignment: what offset_conv1 makes of the frame as neighbour
};

}  // namespace edvr::inline v1::nn
