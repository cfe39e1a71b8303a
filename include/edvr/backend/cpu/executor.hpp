// SPDX-License-Identifier: Apache-2.0
// Runs work on the host's cores. Every partition is fixed by shapes alone, so results do not depend on the number of threads.
#pragma once
#include <algorithm>
#include <thread>

#include "edvr/backend/cpu/isa.hpp"
#include "edvr/backend/cpu/thread_pool.hpp"
#include "edvr/core/eval.hpp"

namespace edvr::inline v1 {

namespace detail {
/// Elements a task of for_each computes, about: enough to pay for handing it out. A multiple of every vector.
inline constexpr index_t task_elements = 1 << 13;
}  // namespace detail

inline namespace EDVR_UNIT {
/// The host's cores. threads: how many to use; 0 means all. isa: which copy of the kernels. A value: copy it, pass it as the last argument
/// of eval and assign. Results depend on isa in their last digits, and never on threads.
struct cpu_executor {
  using space = cpu;
  int threads = 0;
  instruction_set isa = instruction_set::automatic;

  int workers() const {
    if (threads > 0) return threads;
    // Asking the system takes longer than a small op.
    static int const all = std::max(static_cast<int>(std::thread::hardware_concurrency()), 1);
    return all;
  }
  template <class F>
  void parallel(index_t tasks, F const& f) const {
    detail::thread_pool::instance().run(tasks, workers(), f);
  }
  template <class Y, class G>
  void for_each(Y const& y, G const& g) const {
    constexpr int R = Y::rank;
    if constexpr (R == 0) {
      y.put(coord<0>{}, g(coord<0>{}));
    } else {
      if (volume(y.extent) == 0) return;
      if constexpr (R == 4)
        if (y.unit(1) && y.extent[1] > 1) return rows<1>(y, g);  // channels-last: along the channels
      rows<R - 1>(y, g);
    }
  }

 private:
  template <int Axis, class Y, class G>
  void rows(Y const& y, G const& g) const {
    using detail::task_elements;
    index_t const length = y.extent[Axis], n = volume(y.extent) / length;
    index_t cost = 1;  // of one element
    if constexpr (requires { g.cost(); }) cost = std::clamp<index_t>(g.cost(), 1, task_elements);
    // Rows too long for a task are cut where vectors of them are whole, the others taken several at once.
    index_t const most = task_elements / cost, whole = Y::packs && G::packs ? 64 : 1;
    index_t const piece = length < 2 * most ? length : std::max(most / whole * whole, whole), pieces = (length + piece - 1) / piece;
    index_t const each = std::max<index_t>(1, most / piece);
    auto* const sweep = detail::choose_tree(resolve(isa), &detail::baseline::sweep<Axis, Y, G>, &detail::avx2::sweep<Axis, Y, G>);
    parallel((n + each - 1) / each * pieces, [&](index_t task, int) {
      index_t const row = task / pieces * each, at = task % pieces * piece;
      sweep(y, g, row, std::min(n, row + each), at, std::min(length, at + piece));
    });
  }
};
}  // namespace EDVR_UNIT

template <>
struct default_executor<cpu> {
  using type = cpu_executor;
};

}  // namespace edvr::v1
