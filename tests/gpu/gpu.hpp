// SPDX-License-Identifier: Apache-2.0
// What the GPU tests share. The same text is compiled for every way of running the backend (docs/cuda.md).
#pragma once
#include <array>

#include "cases.hpp"
#include "edvr/cuda.hpp"
#include "support.hpp"

/// What f makes of device copies of the tensors, back in host memory: on_gpu([](auto x) { return relu(x); }, x).
template <class F, class... T>
auto on_gpu(F const& f, T const&... tensors) {
  return edvr::to<edvr::cpu>(edvr::eval(f(edvr::to<edvr::gpu>(tensors)...)));
}
/// The same tensor in device memory, not packed: a slice of a larger one whose other elements are NaN.
template <class T, int R>
edvr::tensor<T, R, edvr::gpu> with_gaps_on_gpu(edvr::tensor<T, R> const& x) {
  auto s = x.shape();
  for (int i = 0; i < R; ++i) s[i] = 2 * s[i] + 1;
  auto wide = edvr::full<T, edvr::gpu>(s, T(std::numeric_limits<edvr::arithmetic_t<T>>::quiet_NaN()));
  for (int i = 0; i < R; ++i) wide = edvr::slice(wide, i, 1, 1 + 2 * x.extent(i), 2);
  edvr::assign(wide, edvr::to<edvr::gpu>(x));
  return wide;
}
