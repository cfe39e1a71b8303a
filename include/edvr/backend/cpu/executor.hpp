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
/// Elements a task of for_each writes, about: enough to pay for handing it out.
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
    static int const all = std::max(static_cast<int>(std::thread::hardware_concurrency()), 1);  // asking the system takes longer than a small op
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
    index_t const n = volume(y.extent) / y.extent[Axis], each = std::max<index_t>(1, detail::task_elements / y.extent[Axis]);
    auto* const sweep = detail::choose_tree(resolve(isa), &detail::baseline::sweep<Axis, Y, G>, &detail::avx2::sweep<Axis, Y, G>);
    parallel((n + each - 1) / each, [&](index_t task, int) { sweep(y, g, task * each, std::min(n, (task + 1) * each)); });
  }
};
}  // namespace EDVR_UNIT

template <>
struct default_executor<cpu> {
  using type = cpu_executor;
};

}  // namespace edvr::v1
