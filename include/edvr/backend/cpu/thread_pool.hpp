// SPDX-License-Identifier: Apache-2.0
// Worker threads that outlive a call, so that a small op does not pay for starting them.
#pragma once
#include <algorithm>
#include <atomic>
#include <cfenv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

#include "edvr/core/shape.hpp"

namespace edvr::inline v1 {
namespace detail {

/// One job at a time; a second caller meanwhile runs its job alone, with
/// the same result, because tasks are fixed before they are handed out.
class thread_pool {
 public:
  /// The process's pool. At exit its threads end, and what evaluates after that, destructors of
  /// static objects say, runs alone. A child of fork() has none of its parent's threads and
  /// begins with a pool of its own; but not one that a task forks, which waits for them in vain.
  static thread_pool& instance() {
    static std::atomic<thread_pool*> pool = new thread_pool;
    static struct at_exit {
      at_exit() {
#if defined(__unix__) || defined(__APPLE__)
        pthread_atfork(nullptr, nullptr, [] { pool = new thread_pool; });
#endif
      }
      ~at_exit() { pool.load()->close(); }
    } const closing;
    return *pool;
  }
  /// f(task, worker) for every task, on the caller and at most workers - 1 threads, in the caller's floating-point environment: its
  /// rounding, and what it does with subnormals. Rethrows the first exception; the other tasks are skipped.
  template <class F>
  void run(index_t tasks, int workers, F const& f) {
    std::unique_lock busy(job_mutex_, std::defer_lock);
    if (tasks <= 1 || workers <= 1 || inside() || !busy.try_lock()) {
      for (index_t i = 0; i < tasks; ++i) f(i, 0);
      return;
    }
    job j{&f, [](void const* g, index_t task, int worker) { (*static_cast<F const*>(g))(task, worker); }, tasks};
    std::fegetenv(&j.environment);
    start(static_cast<int>(std::min<index_t>(workers, tasks)) - 1, j);
    work(j, 0);
    wait();
    if (j.failure) std::rethrow_exception(j.failure);
  }

 private:
  struct job {
    void const* f;
    void (*call)(void const*, index_t, int);
    index_t tasks;
    std::fenv_t environment{};
    std::atomic<index_t> next{0};
    std::mutex failure_mutex{};
    std::exception_ptr failure{};
  };
  static bool& inside() {  // a task that asks for threads runs alone: the pool is taken
    thread_local bool flag = false;
    return flag;
  }
  static void work(job& j, int worker) {
    inside() = true;
    for (index_t i; (i = j.next.fetch_add(1)) < j.tasks;) try {
        j.call(j.f, i, worker);
      } catch (...) {
        std::lock_guard lock(j.failure_mutex);
        if (!j.failure) j.failure = std::current_exception();
        j.next = j.tasks;
      }
    inside() = false;
  }
  void start(int helpers, job& j) {
    {
      std::lock_guard lock(mutex_);
      if (stop_) return;
      helpers = std::min(helpers, most_);
      try {
        for (int n = static_cast<int>(threads_.size()); n < helpers; ++n)
          threads_.emplace_back([this, n, seen = generation_.load()] { loop(n, seen); });
      } catch (std::exception const&) {  // the system gives no more of them: those there are do it, from now on
        most_ = helpers = static_cast<int>(threads_.size());
      }
      job_ = &j;
      helpers_ = helpers;
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
  }
  /// Looks again and again for a moment: between the ops of a network the wait is shorter than a sleep and a wake-up.
  template <class Ready>
  static void spin(Ready const& ready) {
    auto const until = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
    while (!ready()) {
      for (int i = 0; i < 32; ++i) {
#if defined(__x86_64__) && defined(__GNUC__)
        __builtin_ia32_pause();
#endif
      }
      if (std::chrono::steady_clock::now() > until) return;
    }
  }
  /// For those that have begun; one that wakes later finds no job.
  void wait() {
    std::unique_lock lock(mutex_);
    job_ = nullptr;
    lock.unlock();
    spin([&] { return running_.load(std::memory_order_acquire) == 0; });
    lock.lock();
    done_.wait(lock, [&] { return running_ == 0; });
  }
  void loop(int number, std::uint64_t seen) {
    std::unique_lock lock(mutex_, std::defer_lock);
    for (;;) {
      spin([&] { return generation_.load(std::memory_order_acquire) != seen; });
      lock.lock();
      wake_.wait(lock, [&] { return stop_ || generation_ != seen; });
      if (generation_ == seen) return;  // stop_, and no job is left
      seen = generation_;
      job* const j = number < helpers_ ? job_ : nullptr;
      if (j) running_.fetch_add(1, std::memory_order_relaxed);
      lock.unlock();
      if (!j) continue;
      std::fesetenv(&j->environment);
      work(*j, number + 1);
      std::lock_guard finishing(mutex_);
      if (running_.fetch_sub(1, std::memory_order_release) == 1) done_.notify_one();
    }
  }

  void close() {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (auto& t : threads_)
      if (inside())  // a task ends the program, while others are at work
        t.detach();
      else
        t.join();
  }

  std::mutex job_mutex_, mutex_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> threads_;
  job* job_ = nullptr;
  int helpers_ = 0, most_ = std::numeric_limits<int>::max();
  std::atomic<int> running_{0};
  std::atomic<std::uint64_t> generation_{0};
  bool stop_ = false;
};

}  // namespace detail
}  // namespace edvr::v1
