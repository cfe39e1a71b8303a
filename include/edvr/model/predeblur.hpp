// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

#include "edvr/model/lrelu.hpp"
#include "edvr/nn/residual_block.hpp"
#include "edvr/ops/resize_bilinear.hpp"

namespace edvr::inline v1::nn {

/// Pyramid of residual blocks that cleans blurred frames before alignment (Wang et al., CVPRW 2019, supplement).
/// x (n, 3, h, w) to (n, c, h, w), or to (n, c, h / 4, w / 4) for high-resolution input.
template <class T, class S = cpu>
struct predeblur {
  bool hr_in = false;
  conv2d<arithmetic_t<T>, S> conv_first;  // colours are not rounded
  conv2d<T, S> stride_conv_hr1, stride_conv_hr2, stride_conv_l2, stride_conv_l3;
  residual_block<T, S> resblock_l3, resblock_l2_1, resblock_l2_2;
  residual_blocks<T, S> resblock_l1;

  predeblur() = default;
  predeblur(index_t c, bool high_resolution_input)
      : hr_in(high_resolution_input),
        conv_first(3, c, 3),
        stride_conv_l2(c, c, 3, 2),
        stride_conv_l3(c, c, 3, 2),
        resblock_l3(make_residual_block<T, S>(c)),
        resblock_l2_1(make_residual_block<T, S>(c)),
        resblock_l2_2(make_residual_block<T, S>(c)) {
    if (hr_in) stride_conv_hr1 = conv2d<T, S>(c, c, 3, 2);
    if (hr_in) stride_conv_hr2 = conv2d<T, S>(c, c, 3, 2);
    for (int i = 0; i < 5; ++i) resblock_l1.push_back(make_residual_block<T, S>(c));
  }

  template <executor Ex = default_executor_t<S>>
  tensor<T, 4, S> operator()(tensor<arithmetic_t<T>, 4, S> const& x, Ex const& ex = {}) const {
    auto a = eval<T>(lrelu(conv_first(x)), ex);
    if (hr_in) a = eval<T>(lrelu(stride_conv_hr2(lrelu(stride_conv_hr1(a)))), ex);
    auto b = eval<T>(lrelu(stride_conv_l2(a)), ex);
    auto const d = resblock_l3(eval<T>(lrelu(stride_conv_l3(b)), ex), ex);
    b = eval<T>(resblock_l2_1(b, ex) + upsample_bilinear(d, 2), ex);
    b = resblock_l2_2(b, ex);
    for (int i = 0; i < 2; ++i) a = resblock_l1[static_cast<std::size_t>(i)](a, ex);
    a = eval<T>(a + upsample_bilinear(b, 2), ex);
    for (int i = 2; i < 5; ++i) a = resblock_l1[static_cast<std::size_t>(i)](a, ex);
    return a;
  }
  void parameters(auto&& visit) {
    visit("conv_first", conv_first);
    if (hr_in) visit("stride_conv_hr1", stride_conv_hr1), visit("stride_conv_hr2", stride_conv_hr2);
    visit("stride_conv_l2", stride_conv_l2);
    visit("stride_conv_l3", stride_conv_l3);
    visit("resblock_l3", resblock_l3);
    visit("resblock_l2_1", resblock_l2_1);
    visit("resblock_l2_2", resblock_l2_2);
    visit("resblock_l1", resblock_l1);
  }
};

}  // namespace edvr::inline v1::nn
