// SPDX-License-Identifier: Apache-2.0
// What the faulty programs share.
#pragma once
#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <cmath>
#include <cstdio>
#include <vector>

template <class T>
T* on_device(std::vector<T> const& v) {
  void* p = nullptr;
  cudaMallocAsync(&p, v.size() * sizeof(T), nullptr);
  cudaMemcpyAsync(p, v.data(), v.size() * sizeof(T), cudaMemcpyDefault, nullptr);
  return static_cast<T*>(p);
}
template <class T>
std::vector<T> on_host(T const* p, std::size_t n) {
  std::vector<T> v(n);
  cudaMemcpyAsync(v.data(), p, n * sizeof(T), cudaMemcpyDefault, nullptr);
  cudaStreamSynchronize(nullptr);
  return v;
}
inline int expect(bool right) { return right ? 0 : (std::puts("wrong result"), 1); }
