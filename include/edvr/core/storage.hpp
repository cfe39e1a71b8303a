// SPDX-License-Identifier: Apache-2.0
// Memory spaces and where their bytes come from.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <type_traits>
#if defined(__unix__)
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "edvr/config.hpp"
#include "edvr/core/shape.hpp"

namespace edvr::inline v1 {

/// Host memory.
struct cpu {};
/// Device memory; its storage and executor come with a GPU backend.
struct gpu {};

/// How a space holds elements: allocate<T>(n) gives shared ownership of n
/// uninitialised ones, fill(p, n, value) sets them. Specialised once per space.
template <class S>
struct storage;
template <class S>
concept memory_space = std::is_same_v<S, cpu> || std::is_same_v<S, gpu>;

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
/// Where host blocks come from. Large ones are mapped, and what is given back stays mapped for the next request, because a fresh page costs
/// about as much as a pass over it: a tenth of a network's time. Neighbouring gaps grow together, and what is kept makes the program at
/// most an eighth larger than the most that was alive at once.
class block_cache {
 public:
  static constexpr std::size_t alignment = 64;  // a cache line, and the widest vector

  static block_cache& instance() {
    static auto* const cache = new block_cache;  // outlives every tensor
    return *cache;
  }
  /// Mappings asked of the system, ever.
  std::int64_t asked() const { return asked_.load(); }

#if defined(__unix__) && !EDVR_SANITIZED
  void* acquire(std::size_t bytes) {
    if (bytes < smallest) return ::operator new(bytes, std::align_val_t{alignment});
    bytes = whole_pages(bytes);
    std::lock_guard lock(mutex_);
    auto best = gaps_.end();
    for (auto i = gaps_.begin(); i != gaps_.end(); ++i)
      if (i->second >= bytes && (best == gaps_.end() || i->second < best->second)) best = i;
    void* p = nullptr;
    if (best != gaps_.end()) {
      p = best->first;
      if (best->second > bytes) gaps_[best->first + bytes] = best->second - bytes;
      kept_ -= bytes;
      gaps_.erase(best);
    } else {
      live_ += bytes, trim(), live_ -= bytes;
      ++asked_;
      auto const map = [bytes] { return ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); };
      if (p = map(); p == MAP_FAILED) give_back(kept_), p = map();
      if (p == MAP_FAILED) throw std::bad_alloc();
    }
    live_ += bytes;
    peak_ = std::max(peak_, live_);
    return p;
  }
  void release(void* p, std::size_t bytes) noexcept {
    if (bytes < smallest) return ::operator delete(p, std::align_val_t{alignment});
    bytes = whole_pages(bytes);
    std::lock_guard lock(mutex_);
    live_ -= bytes;
    std::map<std::byte*, std::size_t>::iterator gap;
    try {
      gap = gaps_.emplace(static_cast<std::byte*>(p), bytes).first;
    } catch (...) {  // no memory for a note of it
      return static_cast<void>(::munmap(p, bytes));
    }
    kept_ += bytes;
    auto const join = [this](auto left, auto right) {
      if (left->first + left->second != right->first) return;
      left->second += right->second;
      gaps_.erase(right);
    };
    if (std::next(gap) != gaps_.end()) join(gap, std::next(gap));
    if (gap != gaps_.begin()) join(std::prev(gap), gap);
    trim();
  }

 private:
  static constexpr std::size_t smallest = std::size_t{1} << 16, slack = 8;
  block_cache() {  // a child of fork() finds it as it was between two calls
    auto const unlock = [] { instance().mutex_.unlock(); };
    ::pthread_atfork([] { instance().mutex_.lock(); }, unlock, unlock);
  }
  std::size_t whole_pages(std::size_t bytes) const { return (bytes + page_ - 1) / page_ * page_; }
  /// Gives gaps back until little more is held than was alive once.
  void trim() {
    std::size_t const most = std::max(peak_, live_) + whole_pages(peak_ / slack);
    if (live_ + kept_ > most) give_back(std::min(kept_, live_ + kept_ - most));
  }
  /// So many bytes of gaps, or of their ends: the smallest first, for large ones serve more requests.
  void give_back(std::size_t bytes) {
    while (bytes > 0) {
      auto const smallest_gap =
          std::min_element(gaps_.begin(), gaps_.end(), [](auto const& a, auto const& b) { return a.second < b.second; });
      std::size_t const part = std::min(smallest_gap->second, bytes);
      ::munmap(smallest_gap->first + (smallest_gap->second - part), part);
      kept_ -= part, bytes -= part;
      if ((smallest_gap->second -= part) == 0) gaps_.erase(smallest_gap);
    }
  }

  std::size_t const page_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::mutex mutex_;
  std::map<std::byte*, std::size_t> gaps_;  // free runs of pages by address
  std::size_t live_ = 0, kept_ = 0, peak_ = 0;
#else  // every block goes back at once, so that a sanitizer sees a late use
  void* acquire(std::size_t bytes) { return ++asked_, ::operator new(bytes, std::align_val_t{alignment}); }
  void release(void* p, std::size_t) noexcept { ::operator delete(p, std::align_val_t{alignment}); }

 private:
#endif
  std::atomic<std::int64_t> asked_{0};
};

/// Uninitialised working memory of an algorithm.
template <class T>
class scratch {
 public:
  explicit scratch(index_t n)
      : bytes_(static_cast<std::size_t>(n > 0 ? n : 1) * sizeof(T)), data_(static_cast<T*>(block_cache::instance().acquire(bytes_))) {}
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
  static void fill(T* p, index_t n, T const& value) {
    std::fill_n(p, n, value);
  }
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
