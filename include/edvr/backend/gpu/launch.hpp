// SPDX-License-Identifier: Apache-2.0
// How a functor of a number runs n times on the device, and how n of its values become one. The only header that includes Thrust and CUB.
#pragma once
#include <cstddef>
#include <limits>
#include <memory>
#include <type_traits>

#include "edvr/backend/gpu/runtime.hpp"

#if defined(__CUDACC__)
#include <cub/device/device_reduce.cuh>
#include <thrust/iterator/counting_iterator.h>
#if CUB_VERSION < 200300
#error "edvr/cuda.hpp needs CUDA 12.4 or newer, whose CUB has DeviceReduce::TransformReduce"
#endif
#elif defined(THRUST_DEVICE_SYSTEM)
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/system/omp/execution_policy.h>
#include <thrust/transform_reduce.h>
#if THRUST_DEVICE_SYSTEM != THRUST_DEVICE_SYSTEM_OMP
#error "edvr/cuda.hpp without a CUDA compiler runs on the host's cores: -DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_OMP -fopenmp"
#endif
#endif

namespace edvr::inline v1::detail::inline EDVR_UNIT {

#if defined(__CUDACC__)
inline constexpr int block_threads = 256;

/// One block a multiprocessor is asked for, no more: left to itself ptxas
/// spills registers in favour of occupancy (double on sm_86, pools on sm_120).
template <class F>
__global__ void __launch_bounds__(block_threads, 1) run_kernel(index_t n, F const __grid_constant__ f) {
  index_t const i = static_cast<index_t>(blockIdx.x) * block_threads + threadIdx.x;
  if (i < n) f(i);
}

/// f(i) for every i in 0 .. n - 1, in no order; enqueued on the stream. A plain launcher, because Thrust's for_each_n does the same for
/// several times the compile time (docs/cuda.md).
template <class F>
void launch(index_t n, F const& f, std::shared_ptr<void> const& stream) {
  static_assert(std::is_trivially_copyable_v<F>);
  static_assert(sizeof(F) <= 4000, "this expression is too large for one kernel: eval() a part of it first");
  if (n == 0) return;
  index_t const blocks = (n + block_threads - 1) / block_threads;
  if (blocks > std::numeric_limits<int>::max())
    throw shape_error(text("a GPU kernel over ", n, " elements; expected at most ", index_t{block_threads} << 31));
  void* arguments[] = {&n, const_cast<F*>(&f)};  // not <<<>>>, whose status is that of any call before it
  runtime::check("kernel launch", cudaLaunchKernel(reinterpret_cast<void const*>(&run_kernel<F>), dim3(static_cast<unsigned>(blocks)),
                                                   dim3(block_threads), arguments, 0, runtime::stream_of(stream)));
}

/// *result = merge of f(0) .. f(n - 1) and first, in device memory; enqueued on the stream.
template <class A, class F, class Merge>
void reduce(index_t n, F const& f, A const& first, Merge const& merge, A* result, std::shared_ptr<void> const& stream) {
  cudaGetLastError();  // CUB reports whatever an earlier call of anybody's left
  thrust::counting_iterator<index_t> const numbers(0);
  std::size_t bytes = 0;
  runtime::check("cub::DeviceReduce",
                 cub::DeviceReduce::TransformReduce(nullptr, bytes, numbers, result, n, merge, f, first, runtime::stream_of(stream)));
  void* const work = runtime::allocate(bytes);
  auto const e = cub::DeviceReduce::TransformReduce(work, bytes, numbers, result, n, merge, f, first, runtime::stream_of(stream));
  runtime::release(work, runtime::current_device());
  runtime::check("cub::DeviceReduce", e);
}
#else
template <class F>
void launch(index_t n, F const& f, std::shared_ptr<void> const&) {
  static_assert(std::is_trivially_copyable_v<F>);
  thrust::for_each_n(thrust::omp::par, thrust::counting_iterator<index_t>(0), n, f);
}
template <class A, class F, class Merge>
void reduce(index_t n, F const& f, A const& first, Merge const& merge, A* result, std::shared_ptr<void> const&) {
  thrust::counting_iterator<index_t> const numbers(0);
  *result = thrust::transform_reduce(thrust::omp::par, numbers, numbers + n, f, first, merge);
}
#endif

}  // namespace edvr::v1::detail::EDVR_UNIT
