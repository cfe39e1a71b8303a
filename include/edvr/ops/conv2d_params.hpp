// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "edvr/ops/window.hpp"

namespace edvr::inline v1 {

/// How the window moves. Designated initialisers read as keyword arguments: conv2d(x, w, b, {.stride = 2, .padding = 1}).
struct conv2d_params {
  pair stride = 1, padding = 0, dilation = 1;
  int groups = 1;
};

namespace detail {
/// The checks that conv2d and deform_conv2d have in common; returns the output shape.
inline coord<4> conv2d_shape(char const* who, coord<4> const& x, coord<4> const& weight, index_t const* bias, conv2d_params const& p) {
  if (p.groups < 1 || x[1] % p.groups != 0 || weight[0] % p.groups != 0)
    throw shape_error(text(who, ": groups = ", p.groups, "; expected a positive divisor of the ", x[1], " channels of x and of the ",
                           weight[0], " of the result"));
  if (weight[1] * p.groups != x[1])
    throw shape_error(text(who, ": weight has shape ", weight, "; expected (k, ", x[1] / p.groups, ", r, s), because x has ", x[1],
                           " channels and groups = ", p.groups));
  if (bias && *bias != weight[0])
    throw shape_error(text(who, ": bias has ", *bias, " elements; expected ", weight[0], ", because weight has shape ", weight));
  return {{x[0], weight[0], window_extent(who, "vertical", x[2], weight[2], p.stride.y, p.padding.y, p.dilation.y),
           window_extent(who, "horizontal", x[3], weight[3], p.stride.x, p.padding.x, p.dilation.x)}};
}
}  // namespace detail

}  // namespace edvr::v1
