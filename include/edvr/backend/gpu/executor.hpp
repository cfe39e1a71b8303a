// SPDX-License-Identifier: Apache-2.0
// Runs expressions on the device.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "edvr/backend/gpu/gemm.hpp"
#include "edvr/backend/gpu/storage.hpp"
#include "edvr/core/alignment.hpp"
#include "edvr/core/eval.hpp"

namespace edvr::inline v1 {

inline namespace EDVR_UNIT {
class event;
}
namespace detail::inline EDVR_UNIT {
/// The i-th of `extent` positions, `Axis` fastest, then the last axis. Number: what
/// divides; a GPU divides 64 bits in software, at several times the cost.
template <int Axis, class Number, int R>
EDVR_HD coord<R> nth_position(Number i, coord<R> const& extent) {
  coord<R> at{};
  at[Axis] = static_cast<index_t>(i % static_cast<Number>(extent[Axis]));
  i /= static_cast<Number>(extent[Axis]);
  for (int a = R; a-- > 0;) {
    if (a == Axis) continue;
    at[a] = static_cast<index_t>(i % static_cast<Number>(extent[a]));
    i /= static_cast<Number>(extent[a]);
  }
  return at;
}

/// y[at] = g(at) at the i-th of `count` positions from `first` on, or for the i-th run of W neighbours along Axis.
template <int W, int Axis, class Y, class G>
struct sweep_device {
  static constexpr int R = Y::rank;
  Y y;
  G g;
  coord<R> first, count;  // count: of runs along Axis
  bool small;             // are there fewer than 2^32?
  EDVR_HD void operator()(index_t i) const {
    auto at = small ? nth_position<Axis>(static_cast<std::uint32_t>(i), count) : nth_position<Axis>(static_cast<std::uint64_t>(i), count);
    at[Axis] *= W;
    for (int a = 0; a < R; ++a) at[a] += first[a];
    if constexpr (W > 1) {
      lanes<W, R, Axis> const l{at};
      y.put(l, g(l));
    } else {
      y.put(at, g(at));
    }
  }
};
template <class Y, class G>
struct put_one {
  Y y;
  G g;
  EDVR_HD void operator()(index_t) const { y.put(coord<0>{}, g(coord<0>{})); }
};
}  // namespace detail::EDVR_UNIT

inline namespace EDVR_UNIT {
/// One GPU and a stream of work on it. Calls enqueue and return; to<space>(x) and sync() wait. A value: copy it, pass it as the last
/// argument of eval and assign. Default: the default stream of the device that select_device() named. Work on other streams of new_stream()
/// is ordered with the giving and taking of memory, but not with each other: sync() one before another reads what it made.
class gpu_executor {
 public:
  using space = gpu;

  gpu_executor() = default;
  /// On a stream of its own. Throws device_error.
  static gpu_executor new_stream() {
    gpu_executor ex;
    ex.stream_ = detail::runtime::make_stream();
    return ex;
  }
  /// Waits until everything enqueued here is done. Throws device_error if some of it failed.
  void sync() const { detail::runtime::wait(stream_); }

  int workers() const { return 1; }
  template <class Y, class G>
  void for_each(Y const& y, G const& g) const {
    for_each(y, g, coord<Y::rank>{}, y.extent);
  }
  /// The same for the positions first .. first + extent - 1 only.
  template <class Y, class G>
  void for_each(Y const& y, G const& g, coord<Y::rank> const& first, coord<Y::rank> const& extent) const {
    constexpr int R = Y::rank;
    if (volume(extent) == 0) return;
    if constexpr (R == 0) {
      detail::launch(1, detail::put_one<Y, G>{y, g}, stream_);
    } else {
      if constexpr (R == 4)
        if (y.unit(1) && extent[1] > 1) return along<1>(y, g, first, extent);  // channels-last
      along<R - 1>(y, g, first, extent);
    }
  }
  /// *result = first, merged with f(0) .. f(n - 1); all in device memory. The order of merging depends on n and the device only.
  template <class A, class F, class Merge>
  void reduce(index_t n, F const& f, A const& first, Merge const& merge, A* result) const {
    detail::reduce(n, f, first, merge, result, stream_);
  }
  /// Products of matrices in device memory.
  template <class T>
  void gemm(detail::gemm_job<T> const& job) const {
    detail::device_gemm(job, stream_);
  }
  /// n elements between any two memories; returns when they are there.
  template <class T>
  void copy(T* to, T const* from, index_t n) const {
    detail::runtime::copy(to, from, static_cast<std::size_t>(n) * sizeof(T), stream_);
  }

 private:
  friend class event;
  std::shared_ptr<void> stream_;  // a cudaStream_t that blocks the default one; null: the default one

  template <int Axis, class Y, class G>
  void along(Y const& y, G const& g, coord<Y::rank> const& first, coord<Y::rank> const& extent) const {
    if constexpr (Y::packs && G::packs && !detail::is_shuffled<Y>) {  // what a pixel_shuffle scatters are no runs
      constexpr int W = 16 / sizeof(typename Y::value_type);          // the widest access of a thread
      if constexpr (W > 1)
        if (extent[Axis] % W == 0 && first[Axis] % W == 0 && y.unit(Axis) && g.unit(Axis) && detail::packs_are_aligned<W>(y, Axis) &&
            detail::packs_are_aligned<W>(g, Axis))
          return sweep<W, Axis>(y, g, first, extent);
    }
    sweep<1, Axis>(y, g, first, extent);
  }
  template <int W, int Axis, class Y, class G>
  void sweep(Y const& y, G const& g, coord<Y::rank> const& first, coord<Y::rank> count) const {
    count[Axis] /= W;
    index_t const n = volume(count);
    detail::launch(n, detail::sweep_device<W, Axis, Y, G>{y, g, first, count, n <= index_t{0xffffffff}}, stream_);
  }
};
}  // namespace EDVR_UNIT

template <>
struct default_executor<gpu> {
  using type = gpu_executor;
};

}  // namespace edvr::v1
