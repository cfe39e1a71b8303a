// SPDX-License-Identifier: Apache-2.0
// What core asks of a backend.
#pragma once
#include <concepts>

#include "edvr/core/view.hpp"

namespace edvr::inline v1 {

/// Runs work in one memory space:
///   ex.for_each(y, g)       y[at] = g(at) for every position of the view y
///   ex.parallel(tasks, f)   f(task, worker) for task = 0 .. tasks - 1; worker < ex.workers() numbers who runs it
template <class Ex>
concept executor = requires(Ex const& ex) {
  typename Ex::space;
  { ex.workers() } -> std::convertible_to<int>;
};

/// The executor that eval uses when none is given; a backend specialises it for its space.
template <class S>
struct default_executor;
template <class S>
using default_executor_t = typename default_executor<S>::type;

}  // namespace edvr::v1
