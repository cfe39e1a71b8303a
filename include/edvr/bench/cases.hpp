// SPDX-License-Identifier: Apache-2.0
// The convolutions that EDVR consists of, at the sizes of its published models: 320 x 180 frames, 64 channels (M) and 128 (L).
#pragma once
#include "edvr/ops/conv2d_params.hpp"

namespace edvr::inline v1::bench {

struct conv2d_case {
  char const* name;
  index_t c, h, w, k, r;
  conv2d_params p;

  coord<4> x_shape() const { return {{1, c, h, w}}; }
  coord<4> weight_shape() const { return {{k, c, r, r}}; }
  index_t out_h() const { return (h + 2 * p.padding.y - r) / p.stride.y + 1; }
  index_t out_w() const { return (w + 2 * p.padding.x - r) / p.stride.x + 1; }
  /// Of the plain sum, whatever the algorithm does.
  double flop() const { return 2.0 * static_cast<double>(k * c * r * r * out_h() * out_w()); }
  double bytes() const { return 4.0 * static_cast<double>(c * h * w + k * out_h() * out_w() + k * c * r * r); }
};
inline constexpr conv2d_case conv2d_cases[] = {
    {"M block 64-64 3x3", 64, 180, 320, 64, 3, {.padding = 1}},
    {"M offset 128-64 3x3", 128, 180, 320, 64, 3, {.padding = 1}},
    {"M conv_offset 64-216 3x3", 64, 180, 320, 216, 3, {.padding = 1}},
    {"M level 2 64-64 3x3", 64, 90, 160, 64, 3, {.padding = 1}},
    {"M level 3 64-64 3x3", 64, 45, 80, 64, 3, {.padding = 1}},
    {"M to level 2 64-64 3x3 stride 2", 64, 180, 320, 64, 3, {.stride = 2, .padding = 1}},
    {"M fusion 320-64 1x1", 320, 180, 320, 64, 1, {}},
    {"M first 3-64 3x3", 3, 180, 320, 64, 3, {.padding = 1}},
    {"M upconv 64-256 3x3", 64, 180, 320, 256, 3, {.padding = 1}},
    {"M last 64-3 3x3", 64, 64, 1280, 3, 3, {.padding = 1}},
    {"L block 128-128 3x3", 128, 180, 320, 128, 3, {.padding = 1}},
    {"L level 2 128-128 3x3", 128, 90, 160, 128, 3, {.padding = 1}},
    {"L level 3 128-128 3x3", 128, 45, 80, 128, 3, {.padding = 1}},
    {"L offset 256-128 3x3", 256, 90, 160, 128, 3, {.padding = 1}},
};

/// 3x3, stride 1, padding 1, masks.
struct deform_conv2d_case {
  char const* name;
  index_t c, h, w, groups;

  coord<4> x_shape() const { return {{1, c, h, w}}; }
  coord<4> weight_shape() const { return {{c, c, 3, 3}}; }
  coord<4> offset_shape() const { return {{1, 18 * groups, h, w}}; }
  coord<4> mask_shape() const { return {{1, 9 * groups, h, w}}; }
  double flop() const { return 2.0 * static_cast<double>(c * c * 9 * h * w); }  // of the product alone; sampling comes on top
  double bytes() const { return 4.0 * static_cast<double>(2 * c * h * w + 27 * groups * h * w + 9 * c * c); }
};
inline constexpr deform_conv2d_case deform_conv2d_cases[] = {
    {"M level 1, 64 channels, 8 groups", 64, 180, 320, 8},  {"M level 2, 64 channels, 8 groups", 64, 90, 160, 8},
    {"M level 3, 64 channels, 8 groups", 64, 45, 80, 8},    {"L level 1, 128 channels, 8 groups", 128, 180, 320, 8},
    {"L level 2, 128 channels, 8 groups", 128, 90, 160, 8},
};

}  // namespace edvr::inline v1::bench
