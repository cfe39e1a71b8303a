// SPDX-License-Identifier: Apache-2.0
// What this machine can do, measured: the limits beside which a benchmark's rates mean something.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include "edvr/backend/cpu/executor.hpp"

namespace edvr::inline v1::bench {

inline double seconds_now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Multiply-adds of T (float, or pairs of bfloat16 where the processor has them)
/// in registers on all of ex's threads, the best of several tries: FLOP/s.
template <class T = float>
double peak_flops(cpu_executor const& ex) {
  auto const isa = resolve(ex.isa);
  auto const& kernel = detail::kernels(isa);
  constexpr index_t rounds = 400'000;
  int const terms = isa == instruction_set::avx512_bf16 ? detail::terms_at_once<T> : 1;
  double const flop = 2.0 * 2 * terms * kernel.rows * kernel.width * static_cast<double>(rounds) * ex.workers();
  double best = 0;
  std::vector<float> results(static_cast<std::size_t>(ex.workers()));
  for (int i = 0; i < 12; ++i) {
    double const start = seconds_now();
    ex.parallel(ex.workers(),
                [&](index_t task, int) { results[static_cast<std::size_t>(task)] = kernel.template of<T>().multiply_adds(rounds); });
    best = std::max(best, flop / (seconds_now() - start));
  }
  return results.front() > 1e30f ? 0 : best;  // looked at, so that nothing is left out
}
/// Copying 128 MiB with all of ex's threads, bytes read and written: bytes/s.
inline double copy_rate(cpu_executor const& ex) {
  constexpr std::size_t n = std::size_t{32} << 20;
  std::vector<float> const from(n, 1.f);
  std::vector<float> to(n);
  constexpr index_t pieces = 64;
  double best = 0;
  for (int i = 0; i < 5; ++i) {
    double const start = seconds_now();
    ex.parallel(pieces, [&](index_t task, int) {
      auto const begin = static_cast<std::ptrdiff_t>(n / pieces) * task;
      std::copy_n(from.begin() + begin, n / pieces, to.begin() + begin);
    });
    best = std::max(best, 8.0 * static_cast<double>(n) / (seconds_now() - start));
  }
  return best;
}

}  // namespace edvr::inline v1::bench
