// SPDX-License-Identifier: Apache-2.0
// Where the elements of device tensors live.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <type_traits>
#include <vector>

#include "edvr/backend/gpu/launch.hpp"
#include "edvr/core/tensor.hpp"

namespace edvr::inline v1 {

/// Tensors made and bytes held in device memory. For tests and memory reports.
inline memory_use device_memory;

namespace detail::inline EDVR_UNIT {
template <class T>
struct fill_with {
  T* p;
  T value;
  EDVR_HD void operator()(index_t i) const { p[i] = value; }
};

/// Memory in the order of the work on the device: what is freed may be given again at once, because whoever gets it works later. One pool a
/// device, that of the runtime, told to keep what is freed.
inline void* allocate_on_device(std::size_t bytes, int device) {
  static std::mutex mutex;
  static std::vector<bool> prepared;
  {
    std::lock_guard lock(mutex);
    auto const d = static_cast<std::size_t>(device);
    if (prepared.size() <= d) prepared.resize(d + 1);
    if (!prepared[d]) runtime::keep_freed_memory(device), prepared[d] = true;
  }
  return runtime::allocate(bytes);
}
}  // namespace detail::EDVR_UNIT

/// On the thread's selected device. allocate throws device_error.
template <>
struct storage<gpu> {
  template <class T>
  static std::shared_ptr<T[]> allocate(index_t n) {
    static_assert(std::is_trivially_destructible_v<T>, "elements are numbers");
    auto const bytes = static_cast<std::size_t>(n > 0 ? n : 1) * sizeof(T);
    int const device = detail::runtime::current_device();
    T* const p = static_cast<T*>(detail::allocate_on_device(bytes, device));
    ++device_memory.allocations;
    device_memory.grow(static_cast<std::int64_t>(bytes));
    return std::shared_ptr<T[]>(p, [bytes, device](T* q) {
      detail::runtime::release(q, device);
      device_memory.shrink(static_cast<std::int64_t>(bytes));
    });
  }
  template <class T>
  static void fill(T* p, index_t n, T const& value) {
    detail::launch(n, detail::fill_with<T>{p, value}, nullptr);
  }
};

/// A row-major tensor in host memory that the GPU reads and writes directly, without the driver's copy on the way. Throws device_error.
template <class T, int R>
tensor<T, R> empty_pinned(coord<R> const& extents) {
  index_t const n = checked_volume("empty_pinned", extents, sizeof(T));
  T* const p = static_cast<T*>(detail::runtime::allocate_pinned(static_cast<std::size_t>(n > 0 ? n : 1) * sizeof(T)));
  return {std::shared_ptr<T[]>(p, [](T* q) { detail::runtime::release_pinned(q); }), 0, extents, row_major(extents)};
}

}  // namespace edvr::v1
