// SPDX-License-Identifier: Apache-2.0
// Weights in the order in which a fast algorithm reads them, kept from call to call.
#pragma once
#include <algorithm>
#include <memory>
#include <mutex>

#include "edvr/backend/cpu/isa.hpp"
#include "edvr/core/tensor.hpp"
#include "edvr/ops/algorithm.hpp"

namespace edvr::inline v1::detail {

inline index_t round_up(index_t n, index_t to) { return (n + to - 1) / to * to; }

/// Which of the k output channels a kernel computes as its o-th. planes > 1: those of the first subpixel of a pixel_shuffle, then those of the
/// second and so on, so that what belongs together in the shuffled map comes out together.
struct channel_order {
  index_t k, planes = 1;
  index_t operator()(index_t o) const { return o % (k / planes) * planes + o / (k / planes); }
};

/// Numbers in a kernel's order: not a tensor, because only the kernel knows what they mean.
template <class T>
class panels {
 public:
  explicit panels(index_t n) : n_(n), memory_(n) {
    host_memory.grow(bytes());
    std::fill_n(memory_.data(), n, T(0));
  }
  ~panels() { host_memory.shrink(bytes()); }
  panels(panels const&) = delete;
  panels& operator=(panels const&) = delete;
  T* data() const { return memory_.data(); }

 private:
  std::int64_t bytes() const { return n_ * static_cast<std::int64_t>(sizeof(T)); }
  index_t n_;
  scratch<T> memory_;
};
/// Of weights stored as T: what is multiplied.
template <class T>
using packed_panels = std::shared_ptr<panels<factor_t<T>>>;

/// One form of one weight tensor. A module holds one; the weights are packed at the first call and found again afterwards, for as long as the
/// module's handle is to the same elements. Writing into them in place is not noticed: assign a new tensor instead. Borrowed memory is packed
/// at every call.
template <class T>
class packed_weights {
 public:
  template <class Pack>
  packed_panels<T> get(algorithm a, instruction_set isa, index_t groups, index_t shuffle, tensor<T, 4> const& weight, Pack const& pack) {
    std::lock_guard lock(mutex_);
    // Borrowed memory may hold other numbers by now, or belong to somebody else, and a borrowing handle kept here keeps no address from being used anew.
    bool const lasting = weight.owner().use_count() > 0 && weight_.owner().use_count() > 0;
    bool const known = panels_ && lasting && a == algorithm_ && isa == isa_ && groups == groups_ && shuffle == shuffle_ && weight.data() == weight_.data() && weight.shape() == weight_.shape() &&
                       weight.strides() == weight_.strides();
    if (!known) panels_ = pack(), algorithm_ = a, isa_ = isa, groups_ = groups, shuffle_ = shuffle, weight_ = weight;
    return panels_;
  }

 private:
  std::mutex mutex_;
  algorithm algorithm_{};
  instruction_set isa_{};
  index_t groups_ = 1, shuffle_ = 1;
  tensor<T, 4> weight_;  // held, so that its address means these elements
  packed_panels<T> panels_;
};

/// Through the module's store of packed weights, or, for a call without a module, packed anew.
template <class T, class Pack>
packed_panels<T> packed(packed_weights<T>* kept, algorithm a, instruction_set isa, index_t groups, index_t shuffle, tensor<T, 4> const& weight, Pack const& pack) {
  return kept ? kept->get(a, isa, groups, shuffle, weight, pack) : pack();
}

/// Puts a matrix (depth, k) into panels as operand_kernels::gemm reads them. at(d, j): element of row d and column j. `to` holds zeros, as many as
/// round_up(depth, terms_at_once<T>) * round_up(k, width).
template <class T, class At>
void fill_panels(index_t depth, index_t k, index_t width, T* to, At const& at) {
  constexpr index_t terms = terms_at_once<T>;
  index_t const kp = round_up(k, width), rows = round_up(depth, terms);
  for (index_t j = 0; j < kp; j += 2 * width) {
    index_t const panel = kp - j < 2 * width ? width : 2 * width;
    for (index_t d = 0; d < depth; ++d)
      for (index_t i = 0; i < panel && j + i < k; ++i) to[d / terms * terms * panel + i * terms + d % terms] = T(at(d, j + i));
    to += rows * panel;
  }
}

}  // namespace edvr::inline v1::detail
