// SPDX-License-Identifier: Apache-2.0
// The calls of the CUDA runtime that the library makes, each checked: the only header that includes it. Without a CUDA compiler the
// "device" is the host, and Thrust's OpenMP system runs its kernels (docs/cuda.md).
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>

#include "edvr/core/shape.hpp"

#if defined(__CUDACC__)
#include <cuda_runtime.h>
#elif !defined(THRUST_DEVICE_SYSTEM)
#error \
    "edvr/cuda.hpp needs a CUDA compiler (nvcc, file name .cu), or, to run on the host's cores, -DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_OMP -fopenmp and Thrust's headers"
#endif

namespace edvr::inline v1 {

namespace detail::inline EDVR_UNIT::runtime {
#if defined(__CUDACC__)
/// Throws device_error, saying what `call` said.
inline void check(char const* call, cudaError_t e) {
  if (e == cudaSuccess) return;
  cudaGetLastError();  // so that the next call does not report it again
  bool const nobody_there = e == cudaErrorNoDevice || e == cudaErrorInsufficientDriver, pinned = std::strcmp(call, "cudaMallocHost") == 0;
  bool const other_code =
      e == cudaErrorNoKernelImageForDevice || e == cudaErrorInvalidDeviceFunction || e == cudaErrorUnsupportedPtxVersion;
  throw device_error(text(
      call, ": ", cudaGetErrorName(e), ", ", cudaGetErrorString(e),
      nobody_there ? "; expected an NVIDIA GPU and a driver as new as this program's CUDA; nvidia-smi shows both"
      : other_code
          ? "; expected code for this GPU, or a driver that can make it of the program's PTX: compile with -DCMAKE_CUDA_ARCHITECTURES=native, or bring the driver up to date"
      : e == cudaErrorMemoryAllocation && pinned
          ? "; expected memory of the host that the GPU may read: there is little of it on some systems (WSL); use empty()"
      : e == cudaErrorMemoryAllocation ? "; expected enough free device memory: smaller frames, fewer frames at once, or another GPU"
                                       : ""));
}
/// Null is the legacy default stream, also where a file is compiled for one default stream a thread.
inline cudaStream_t stream_of(std::shared_ptr<void> const& stream) {
  return stream ? static_cast<cudaStream_t>(stream.get()) : cudaStreamLegacy;
}

/// 0 where there is no device, or no driver; throws where there is one that does not work.
inline int device_count() {
  int n = 0, driver = 0;  // left untouched by a failing call
  auto const e = cudaGetDeviceCount(&n);
  if (e == cudaSuccess) return n;
  cudaGetLastError();
  if (e == cudaErrorNoDevice || (e == cudaErrorInsufficientDriver && cudaDriverGetVersion(&driver) == cudaSuccess && driver == 0)) return 0;
  return check("cudaGetDeviceCount", e), 0;
}
inline int current_device() {
  int d = 0;
  check("cudaGetDevice", cudaGetDevice(&d));
  return d;
}
inline void select_device(int device) { check("cudaSetDevice", cudaSetDevice(device)); }
inline std::string device_name(int device) {
  cudaDeviceProp p{};
  check("cudaGetDeviceProperties", cudaGetDeviceProperties(&p, device));
  return text(p.name, ", compute capability ", p.major, '.', p.minor, ", ", static_cast<std::int64_t>(p.totalGlobalMem >> 20), " MiB");
}
/// Are there pools of memory in the order of work? Not on some shared devices (vGPU) and drivers.
inline bool has_pools(int device) {
  int yes = 0;
  return cudaDeviceGetAttribute(&yes, cudaDevAttrMemoryPoolsSupported, device) == cudaSuccess && yes != 0;
}
/// Freed blocks stay with the process for the next request, until the device has none left for a larger one.
inline void keep_freed_memory(int device) {
  if (!has_pools(device)) return;
  cudaMemPool_t pool{};
  check("cudaDeviceGetDefaultMemPool", cudaDeviceGetDefaultMemPool(&pool, device));
  std::uint64_t all = ~std::uint64_t{0};
  check("cudaMemPoolSetAttribute", cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &all));
}
/// Is there a stream beside the default one?
inline std::atomic<bool> several_streams{false};
inline void* allocate(std::size_t bytes) {
  void* p = nullptr;
  if (!has_pools(current_device())) return check("cudaMalloc", cudaMalloc(&p, bytes)), p;
  auto e = cudaMallocAsync(&p, bytes, cudaStreamLegacy);
  if (e == cudaErrorMemoryAllocation) {  // what is freed may still wait for work, or lie in pieces: finish, give it back, ask once more
    cudaGetLastError();
    check("cudaDeviceSynchronize", cudaDeviceSynchronize());
    cudaMemPool_t pool{};
    check("cudaDeviceGetDefaultMemPool", cudaDeviceGetDefaultMemPool(&pool, current_device()));
    check("cudaMemPoolTrimTo", cudaMemPoolTrimTo(pool, 0));
    e = cudaMallocAsync(&p, bytes, cudaStreamLegacy);
  }
  check("cudaMallocAsync", e);
  return p;
}
/// After all work enqueued so far. Never throws: at the end of a program the runtime may be gone already.
inline void release(void* p, int device) noexcept {
  int now = device;
  cudaGetDevice(&now);
  if (now != device) cudaSetDevice(device);
  // Real work on the default stream waits for all other streams; that freeing alone does too is not written anywhere.
  if (several_streams && cudaMemsetAsync(p, 0, 1, cudaStreamLegacy) != cudaSuccess) cudaGetLastError();
  auto const freed = has_pools(device) ? cudaFreeAsync(p, cudaStreamLegacy) : cudaFree(p);  // cudaFree waits for the device
  if (freed != cudaSuccess) cudaGetLastError();
  if (now != device && cudaSetDevice(now) != cudaSuccess) cudaGetLastError();
}
/// Throws if p is memory of another GPU than the thread's: work there is in no order with this thread's.
inline void require_selected(void const* p) {
  cudaPointerAttributes a{};
  check("cudaPointerGetAttributes", cudaPointerGetAttributes(&a, p));
  if (int const here = current_device(); a.type == cudaMemoryTypeDevice && a.device != here)
    throw device_error(text("a tensor of GPU ", a.device, " in a thread that works with GPU ", here, "; expected select_device(", a.device,
                            ") in this thread before"));
}
/// Between any two memories, in order with the work on `stream`; complete when it returns.
inline void copy(void* to, void const* from, std::size_t bytes, std::shared_ptr<void> const& stream) {
  require_selected(to), require_selected(from);
  check("cudaMemcpyAsync", cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream_of(stream)));
  check("cudaStreamSynchronize", cudaStreamSynchronize(stream_of(stream)));
}
inline void wait(std::shared_ptr<void> const& stream) { check("cudaStreamSynchronize", cudaStreamSynchronize(stream_of(stream))); }
inline std::shared_ptr<void> make_stream() {  // a blocking one: in order with the stream on which memory is given and taken
  cudaStream_t s{};
  check("cudaStreamCreate", cudaStreamCreate(&s));
  several_streams = true;
  return {s, [](void* p) {  // its work is done first: what it made may still be read
            cudaStreamSynchronize(static_cast<cudaStream_t>(p));
            cudaStreamDestroy(static_cast<cudaStream_t>(p));
            cudaGetLastError();
          }};
}
inline std::shared_ptr<void> make_event() {
  cudaEvent_t e{};
  check("cudaEventCreate", cudaEventCreate(&e));
  return {e, [](void* p) { cudaEventDestroy(static_cast<cudaEvent_t>(p)); }};
}
inline void record(std::shared_ptr<void> const& event, std::shared_ptr<void> const& stream) {
  check("cudaEventRecord", cudaEventRecord(static_cast<cudaEvent_t>(event.get()), stream_of(stream)));
}
inline double milliseconds(std::shared_ptr<void> const& from, std::shared_ptr<void> const& to) {
  float ms = 0;
  for (auto const& e : {from, to}) check("cudaEventSynchronize", cudaEventSynchronize(static_cast<cudaEvent_t>(e.get())));
  check("cudaEventElapsedTime", cudaEventElapsedTime(&ms, static_cast<cudaEvent_t>(from.get()), static_cast<cudaEvent_t>(to.get())));
  return static_cast<double>(ms);
}
inline void* allocate_pinned(std::size_t bytes) {
  void* p = nullptr;
  check("cudaMallocHost", cudaMallocHost(&p, bytes));
  return p;
}
inline void release_pinned(void* p) noexcept {
  if (cudaFreeHost(p) != cudaSuccess) cudaGetLastError();
}
#else
inline constexpr std::align_val_t alignment{256};  // cudaMalloc's
inline int device_count() { return 1; }
inline int current_device() { return 0; }
inline void select_device(int device) {
  if (device != 0) throw device_error(text("device ", device, "; expected 0: Thrust's OpenMP system is the only device"));
}
inline std::string device_name(int) { return "the host's cores, through Thrust's OpenMP system"; }
inline void keep_freed_memory(int) {}
inline void* allocate(std::size_t bytes) {
  void* const p = ::operator new(bytes, alignment);
  std::memset(p, 0xcd, bytes);  // nobody may count on zeros
  return p;
}
inline void release(void* p, int) noexcept { ::operator delete(p, alignment); }
inline void copy(void* to, void const* from, std::size_t bytes, std::shared_ptr<void> const&) { std::memcpy(to, from, bytes); }
inline void wait(std::shared_ptr<void> const&) {}
inline std::shared_ptr<void> make_stream() { return {}; }
inline void* allocate_pinned(std::size_t bytes) { return ::operator new(bytes, alignment); }
inline void release_pinned(void* p) noexcept { ::operator delete(p, alignment); }
#endif
}  // namespace detail::EDVR_UNIT::runtime

inline namespace EDVR_UNIT {
/// How many GPUs this program can use; 0 where there is no driver either. Throws device_error where there is one that does not work.
inline int device_count() { return detail::runtime::device_count(); }
/// The GPU that tensors and streams made by this thread from now on live on; 0 unless said otherwise. A matter of each thread: one that
/// works with tensors of another GPU than the first must say so too. Throws device_error.
inline void select_device(int device) { detail::runtime::select_device(device); }
/// Name, compute capability and memory of a GPU, for reports. Throws device_error.
inline std::string device_name(int device = 0) { return detail::runtime::device_name(device); }
}  // namespace EDVR_UNIT

}  // namespace edvr::v1
