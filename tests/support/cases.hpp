// SPDX-License-Identifier: Apache-2.0
// Shapes that convolutions are tested on: odd sizes, batches, groups, one pixel, no rows.
#pragma once
#include "edvr/edvr.hpp"

namespace cases {
struct conv {
  edvr::index_t n, c, h, w, k, r, s;
  edvr::conv2d_params p;
};
inline const conv conv2d[] = {
    {1, 3, 8, 8, 16, 3, 3, {.padding = 1}},
    {2, 16, 7, 13, 20, 3, 3, {.padding = 1}},
    {1, 64, 9, 17, 64, 3, 3, {.padding = 1}},  // deep, and with a tile of Winograd's that touches no edge
    {1, 5, 11, 9, 7, 3, 3, {.stride = 2, .padding = 1}},
    {2, 8, 6, 5, 4, 1, 1, {}},
    {1, 12, 10, 12, 18, 3, 3, {.padding = 2, .dilation = 2, .groups = 3}},
    {1, 6, 9, 9, 6, 3, 3, {.padding = 1, .groups = 6}},
    {1, 4, 12, 7, 3, 5, 3, {.stride = {2, 1}, .padding = {2, 1}}},
    {1, 8, 1, 1, 8, 3, 3, {.padding = 1}},
    {1, 2, 1, 9, 3, 3, 3, {.stride = 2, .padding = 1}},
    {1, 7, 5, 5, 1, 5, 5, {}},
    {3, 1, 17, 4, 33, 2, 4, {.stride = {1, 3}, .padding = {0, 2}}},
    {1, 256, 5, 7, 20, 1, 1, {}},
    {1, 24, 6, 7, 16, 3, 3, {.padding = 1}},
    {1, 16, 9, 11, 16, 3, 3, {.stride = {1, 2}, .padding = 1}},
    {1, 16, 9, 11, 16, 3, 3, {.stride = {2, 1}, .padding = 1}},
    {1, 16, 9, 12, 16, 3, 3, {.padding = {2, 1}, .dilation = {2, 1}}},
    {1, 16, 9, 12, 16, 3, 3, {.padding = {1, 3}, .dilation = {1, 3}}},
    {0, 4, 5, 5, 4, 3, 3, {.padding = 1}},
    {2, 4, 5, 5, 0, 3, 3, {.padding = 1}},
    {2, 0, 5, 5, 4, 3, 3, {.padding = 1}},
};
}  // namespace cases
