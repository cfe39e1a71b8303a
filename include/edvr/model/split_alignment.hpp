// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "edvr/model/pyramid.hpp"
#include "edvr/nn/conv2d.hpp"

namespace edvr::inline v1::nn {

/// What a split alignment makes of a window's reference frame.
template <class T, class S = cpu>
struct reference_halves {
  pyramid<T, S> first;
  tensor<T, 4, S> cascade;
};

template <class T, class S>
struct pcd_alignment;
/// Alignment's convolutions of (neighbour, reference) as a sum of two, conv(concat(a, b)) = conv_a(a) + conv_b(b), so that each half is
/// computed once a frame and not once a pair. The sums differ from the whole convolution's in their order, by rounding.
template <class T, class S = cpu>
struct split_alignment {
  on_levels<conv2d<T, S>> neighbour, reference;
  conv2d<T, S> cascade_aligned, cascade_reference;

  explicit split_alignment(pcd_alignment<T, S> const& whole)
      : neighbour{half(whole.offset_conv1.l1, 0), half(whole.offset_conv1.l2, 0), half(whole.offset_conv1.l3, 0)},
        reference{half(whole.offset_conv1.l1, 1), half(whole.offset_conv1.l2, 1), half(whole.offset_conv1.l3, 1)},
        cascade_aligned(half(whole.cas_offset_conv1, 0)),
        cascade_reference(half(whole.cas_offset_conv1, 1)) {}

  template <executor Ex = default_executor_t<S>>
  pyramid<T, S> of_neighbour(pyramid<T, S> const& f, Ex const& ex = {}) const {
    return {eval<T>(neighbour.l1(f.l1), ex), eval<T>(neighbour.l2(f.l2), ex), eval<T>(neighbour.l3(f.l3), ex)};
  }
  template <executor Ex = default_executor_t<S>>
  reference_halves<T, S> of_reference(pyramid<T, S> const& f, Ex const& ex = {}) const {
    return {{eval<T>(reference.l1(f.l1), ex), eval<T>(reference.l2(f.l2), ex), eval<T>(reference.l3(f.l3), ex)},
            eval<T>(cascade_reference(f.l1), ex)};
  }

 private:
  /// The part for the first or second half of the input channels; the bias goes with the first.
  static conv2d<T, S> half(conv2d<T, S> const& whole, int part) {
    index_t const c = whole.weight.extent(1) / 2;
    conv2d<T, S> h;
    h.weight = slice(whole.weight, 1, part * c, (part + 1) * c), h.p = whole.p;
    if (part == 0) h.bias = whole.bias;
    return h;
  }
};

}  // namespace edvr::inline v1::nn
