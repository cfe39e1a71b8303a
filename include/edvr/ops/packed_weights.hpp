// SPDX-License-Identifier: Apache-2.0
// Weights in the order in which a fast algorithm reads them, kept from call to call.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "edvr/backend/cpu/isa.hpp"
#include "edvr/core/tensor.hpp"
#include "edvr/ops/algorithm.hpp"

namespace edvr::inline v1::detail {

inline index_t round_up(index_t n, index_t to) { return (n + to - 1) / to * to; }

/// Which of the k output channels a kernel computes as its o-th. planes > 1: those of the first subpixel of a pixel_shuffle, then those of
/// the second and so on, so that what belongs together in the shuffled map comes out together.
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

/// Packed weights of a module and its copies, one form of each weight tensor: made at the first call and found again afterwards, for as
/// long as somebody holds that tensor's elements. Writing into them in place is not noticed: assign a new tensor instead. Borrowed memory
/// is packed at every call: it may hold other numbers by then, or be somebody else's.
template <class T>
class packed_weights {
 public:
  template <class Pack>
  packed_panels<T> get(algorithm a, instruction_set isa, index_t groups, index_t shuffle, tensor<T, 4> const& weight, Pack const& pack) {
    if (weight.owner().use_count() == 0) return pack();
    std::lock_guard lock(mutex_);
    std::erase_if(forms_, [](form const& f) { return f.owner.expired(); });
    auto f = std::find_if(forms_.begin(), forms_.end(), [&](form const& g) { return g.is_of(weight); });
    if (f == forms_.end()) f = forms_.insert(f, {weight.owner(), weight.data(), weight.shape(), weight.strides(), {}, {}, 0, 0, nullptr});
    if (!f->panels || f->a != a || f->isa != isa || f->groups != groups || f->shuffle != shuffle)
      f->panels = pack(), f->a = a, f->isa = isa, f->groups = groups, f->shuffle = shuffle;
    return f->panels;
  }

 private:
  struct form {
    std::weak_ptr<T[]> owner;
    T const* data;
    coord<4> shape, strides;
    algorithm a;
    instruction_set isa;
    index_t groups, shuffle;
    packed_panels<T> panels;
    bool is_of(tensor<T, 4> const& w) const {
      return !owner.owner_before(w.owner()) && !w.owner().owner_before(owner) && data == w.data() && shape == w.shape() &&
             strides == w.strides();
    }
  };
  std::mutex mutex_;
  std::vector<form> forms_;
};

/// Through the module's store of packed weights, or, for a call without a module, packed anew.
template <class T, class Pack>
packed_panels<T> packed(packed_weights<T>* kept, algorithm a, instruction_set isa, index_t groups, index_t shuffle,
                        tensor<T, 4> const& weight, Pack const& pack) {
  return kept ? kept->get(a, isa, groups, shuffle, weight, pack) : pack();
}

/// Puts a matrix (depth, k) into panels as operand_kernels::gemm reads them. at(d, j): element of row d and column j. `to` holds zeros, as
/// many as round_up(depth, terms_at_once<T>) * round_up(k, width).
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
