// SPDX-License-Identifier: Apache-2.0
// What core asks of a backend.
#pragma once
#include <concepts>

#include "edvr/core/storage.hpp"
#include "edvr/core/view.hpp"

namespace edvr::inline v1 {

/// Runs work in one memory space:
///   ex.for_each(y, g)       y[at] = g(at) for every position of the view y; g.cost(), where there is one: how many times the work of
///                           a plain element, about
///   ex.parallel(tasks, f)   f(task, worker) for task = 0 .. tasks - 1; worker < ex.workers() numbers who runs it
/// One for a device that is fed whole sweeps has no parallel, but:
///   ex.for_each(y, g, first, extent)   for the positions first .. first + extent - 1 only
///   ex.gemm(job)                       products of matrices
///   ex.reduce(n, f, first, merge, r)   *r = first, merged with f(0) .. f(n - 1)
///   ex.copy(to, from, n)               n elements between any two memories
template <class Ex>
concept executor = requires(Ex const& ex) {
  typename Ex::space;
  { ex.workers() } -> std::convertible_to<int>;
};

namespace detail {
/// `batch` products c (m, n) = a (m, k) * b (k, n), all row-major with the given row strides; the i-th starts i * step_a, ... further on.
template <class T>
struct gemm_job {
  index_t m, n, k;
  T const* a;
  index_t lda;
  T const* b;
  index_t ldb;
  T* c;
  index_t ldc, batch = 1, step_a = 0, step_b = 0, step_c = 0;
};
}  // namespace detail

/// The executor that eval uses when none is given; a backend specialises it for its space.
template <class S>
struct default_executor {
  static_assert(!memory_space<S>,
                "no executor for this memory is known here: include edvr/edvr.hpp for the cpu, edvr/cuda.hpp for the gpu");
};
template <class S>
using default_executor_t = typename default_executor<S>::type;

}  // namespace edvr::v1
