// SPDX-License-Identifier: Apache-2.0
// Memory spaces and where their bytes come from.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <type_traits>
#include <vector>

#include "edvr/core/shape.hpp"

namespace edvr::inline v1 {

/// Host memory.
struct cpu {};
/// Device memory; its storage and executor come with a GPU backend.
struct gpu {};

/// How a space allocates: allocate<T>(n) gives shared ownership of n uninitialised elements. Specialised once per space.
template <class S>
struct storage;

/// Tensors made and bytes held in host memory by them and by packed weights, over the whole program. For tests and memory reports.
struct memory_use {
  std::atomic<std::int64_t> allocations{0}, bytes{0}, peak_bytes{0};

  void grow(std::int64_t n) {
    std::int64_t const now = bytes += n;
    std::int64_t seen = peak_bytes;
    while (now > seen && !peak_bytes.compare_exchange_weak(seen, now)) {
    }
  }
  void shrink(std::int64_t n) { bytes -= n; }
};
inline memory_use host_memory;

namespace detail {
/// Large host blocks, kept for the next request of the same size: a fresh block costs a page fault for every 4 kB, which is a third of the
/// time of a small network. What is kept never makes the program larger than the most that was alive at once.
class block_cache {
 public:
  static constexpr std::size_t alignment = 64;  // a cache line, and the widest vector

  static block_cache& instance() {
    static auto* const cache = new block_cache;  // outlives every tensor
    return *cache;
  }
  /// Blocks of keepable size that came from the system, ever.
  std::int64_t asked() const { return asked_.load(); }
  void* acquire(std::size_t bytes) {
    {
      std::lock_guard lock(mutex_);
      live_ += bytes;
      for (std::size_t i = kept_.size(); i-- > 0;)
        if (kept_[i].bytes == bytes) {
          void* const p = kept_[i].address;
          forget(i);
          return p;
        }
      trim();
    }
    try {
      asked_ += bytes >= smallest;
      void* const p = ::operator new(bytes, std::align_val_t{alignment});
      std::lock_guard lock(mutex_);
      peak_ = std::max(peak_, live_);
      return p;
    } catch (...) {
      std::lock_guard lock(mutex_);
      live_ -= bytes;
      throw;
    }
  }
  void release(void* p, std::size_t bytes) noexcept {
    std::lock_guard lock(mutex_);
    live_ -= bytes;
    if (bytes < smallest || kept_.size() == most_kept) return ::operator delete(p, std::align_val_t{alignment});
    kept_.push_back({bytes, p});  // room is reserved
    kept_bytes_ += bytes;
    trim();
  }

 private:
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr std::size_t smallest = ~std::size_t{0};  // every block goes back at once, so that a late use is seen
#else
  static constexpr std::size_t smallest = std::size_t{1} << 16;
#endif
  static constexpr std::size_t most_kept = 256;
  block_cache() { kept_.reserve(most_kept); }

  struct block {
    std::size_t bytes;
    void* address;
  };
  void trim() {
    for (std::size_t i = 0; i < kept_.size();)
      if (live_ + kept_bytes_ > std::max(peak_, live_)) {  // the oldest first
        ::operator delete(kept_[i].address, std::align_val_t{alignment});
        forget(i);
      } else {
        ++i;
      }
  }
  void forget(std::size_t i) {
    kept_bytes_ -= kept_[i].bytes;
    kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  std::mutex mutex_;
  std::atomic<std::int64_t> asked_{0};
  std::vector<block> kept_;
  std::size_t live_ = 0, kept_bytes_ = 0, peak_ = 0;
};

/// Uninitialised working memory of an algorithm.
template <class T>
class scratch {
 public:
  explicit scratch(index_t n) : bytes_(static_cast<std::size_t>(n > 0 ? n : 1) * sizeof(T)), data_(static_cast<T*>(block_cache::instance().acquire(bytes_))) {}
  ~scratch() { block_cache::instance().release(data_, bytes_); }
  scratch(scratch const&) = delete;
  scratch& operator=(scratch const&) = delete;
  T* data() const { return data_; }

 private:
  std::size_t bytes_;
  T* data_;
};
}  // namespace detail

template <>
struct storage<cpu> {

  template <class T>
  static std::shared_ptr<T[]> allocate(index_t n) {
    static_assert(std::is_trivially_destructible_v<T>, "elements are numbers");
    auto const bytes = static_cast<std::size_t>(n > 0 ? n : 1) * sizeof(T);
    T* const p = static_cast<T*>(detail::block_cache::instance().acquire(bytes));
    ++host_memory.allocations;
    host_memory.grow(static_cast<std::int64_t>(bytes));
    return std::shared_ptr<T[]>(p, [bytes](T* q) {
      detail::block_cache::instance().release(q, bytes);
      host_memory.shrink(static_cast<std::int64_t>(bytes));
    });
  }
};

}  // namespace edvr::v1
