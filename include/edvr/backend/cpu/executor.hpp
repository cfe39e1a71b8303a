// SPDX-License-Identifier: Apache-2.0
// Runs work on the host's cores. Every partition is fixed by shapes alone, so results do not depend on the number of threads.
#pragma once
#include <algorithm>
#include <thread>

#include "edvr/backend/cpu/thread_pool.hpp"
#include "edvr/core/eval.hpp"

namespace edvr::inline v1 {

namespace detail {
/// Lanes of a pack: one vector of floats for the instruction set that the file is compiled for. All files of a program share its flags.
#if defined(__AVX512F__)
inline constexpr int lane_width = 16;
#elif defined(__AVX__)
inline constexpr int lane_width = 8;
#else
inline constexpr int lane_width = 4;
#endif
/// Elements a task of for_each writes, about: enough to pay for handing it out.
inline constexpr index_t task_elements = 1 << 13;

/// Rows from .. to - 1 (all positions with Axis at 0, row-major): y[at] = g(at) along Axis.
template <int Axis, class Y, class G>
void sweep(Y const y, G const g, index_t from, index_t to) {  // by value: no store can change what the loop reads
  constexpr int R = Y::rank;
  index_t const n = y.extent[Axis];
  bool packed = false;
  if constexpr (Y::packs && G::packs) packed = y.unit(Axis) && g.unit(Axis);
  auto at = position(from, y.extent, Axis);
  for (index_t row = from; row < to; ++row, advance(at, y.extent, Axis)) {
    at[Axis] = 0;
    if constexpr (Y::packs && G::packs)
      if (packed)
        for (; at[Axis] + lane_width <= n; at[Axis] += lane_width) {
          lanes<lane_width, R, Axis> const l{at};
          y.put(l, g(l));
        }
    for (; at[Axis] < n; ++at[Axis]) y.put(at, g(at));
  }
}
}  // namespace detail

/// The host's cores. threads: how many to use; 0 means all. A value: copy it, pass it as the last argument of eval and assign.
struct cpu_executor {
  using space = cpu;
  int threads = 0;

  int workers() const {
    int const all = static_cast<int>(std::thread::hardware_concurrency());
    return threads > 0 ? threads : std::max(all, 1);
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
    parallel((n + each - 1) / each, [&](index_t task, int) { detail::sweep<Axis>(y, g, task * each, std::min(n, (task + 1) * each)); });
  }
};

template <>
struct default_executor<cpu> {
  using type = cpu_executor;
};

}  // namespace edvr::v1
