// SPDX-License-Identifier: Apache-2.0
// Memory spaces and where their bytes come from.
#pragma once
#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

#include "edvr/core/shape.hpp"

namespace edvr::inline v1 {

/// Host memory.
struct cpu {};
/// Device memory; its storage and executor come with a GPU backend.
struct gpu {};

/// How a space allocates: allocate<T>(n) gives shared ownership of n uninitialised elements. Specialised once per space.
template <class S>
struct storage;

/// Tensors made and bytes held in host memory, over the whole program. For tests and memory reports.
struct memory_use {
  std::atomic<std::int64_t> allocations{0}, bytes{0}, peak_bytes{0};

  void grow(std::int64_t n) {
    ++allocations;
    std::int64_t const now = bytes += n;
    std::int64_t seen = peak_bytes;
    while (now > seen && !peak_bytes.compare_exchange_weak(seen, now)) {
    }
  }
  void shrink(std::int64_t n) { bytes -= n; }
};
inline memory_use host_memory;

template <>
struct storage<cpu> {
  static constexpr std::size_t alignment = 64;  // a cache line, and the widest vector

  template <class T>
  static std::shared_ptr<T[]> allocate(index_t n) {
    static_assert(std::is_trivially_destructible_v<T>, "elements are numbers");
    auto const bytes = static_cast<std::size_t>(n > 0 ? n : 1) * sizeof(T);
    T* const p = static_cast<T*>(::operator new(bytes, std::align_val_t{alignment}));
    host_memory.grow(static_cast<std::int64_t>(bytes));
    return std::shared_ptr<T[]>(p, [bytes](T* q) {
      ::operator delete(static_cast<void*>(q), std::align_val_t{alignment});
      host_memory.shrink(static_cast<std::int64_t>(bytes));
    });
  }
};

}  // namespace edvr::v1
