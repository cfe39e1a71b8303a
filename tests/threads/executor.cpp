// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cfenv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

#ifdef __unix__
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "support.hpp"
using namespace edvr;

namespace {
/// A static object that is older than the pool, and computes when the pool has ended.
struct late {
  ~late() {
    if (eval(sum(eval(ones<float>({100'000}) + 1.f, cpu_executor{4})))() != 200'000) std::_Exit(1);
  }
} const last_of_all;

/// The element's value, once two threads compute elements, or after ten seconds of waiting for the second.
struct together {
  std::atomic<std::thread::id>* first;
  std::atomic<bool>*both, *alone;
  float operator()(float x) const {
    std::thread::id nobody{};
    auto const me = std::this_thread::get_id();
    if (!first->compare_exchange_strong(nobody, me) && nobody != me) *both = true;
    for (auto const until = std::chrono::steady_clock::now() + std::chrono::seconds(10); !*both && !*alone;) {
      if (std::chrono::steady_clock::now() > until) *alone = true;
      std::this_thread::yield();
    }
    return x;
  }
};
/// A small map's worth of work, and says so.
struct wide_window {
  index_t cost() const { return 1000; }
  template <class X>
  float operator()(X const& x, coord<4> const& at) const {
    return x(at);
  }
};
/// Does eval of this expression, made of together{...}, take more than one thread?
template <class Make>
bool is_shared(Make const& make) {
  std::atomic<std::thread::id> first{};
  std::atomic<bool> both{false}, alone{false};
  (void)eval(make([&]<class X>(X&& x) { return apply_each(together{&first, &both, &alone}, std::forward<X>(x)); }), cpu_executor{2});
  return both;
}
}  // namespace

TEST_CASE("results are bit-equal for 1, 2, 3 and 7 threads") {
  auto const x = normal<float>({2, 24, 37, 41}, 1), w = normal<float>({24, 24, 3, 3}, 2), offset = normal<float>({2, 4 * 18, 37, 41}, 3),
             mask = uniform<float>({2, 36, 37, 41}, 4);
  auto const b = normal<float>({24}, 5);
  auto const run = [&](int threads) {
    cpu_executor const ex{threads};
    auto const y =
        eval(deform_conv2d(eval(leaky_relu(conv2d(x, w, b, {.padding = 1})), ex), offset, sigmoid(mask), w, b, {.padding = 1}) + x, ex);
    return eval(concat(upsample_bilinear(y, 2), pixel_shuffle(concat(y, y, y, y), 2)), ex);
  };
  auto const one = run(1);
  for (int threads : {2, 3, 7}) {
    auto const many = run(threads);
    CHECK(std::equal(one.data(), one.data() + one.size(), many.data()));
  }
}
TEST_CASE("every task runs once, and an exception of a task reaches the caller") {
  cpu_executor const ex{7};
  std::vector<std::atomic<int>> seen(1000);
  ex.parallel(1000, [&](index_t i, int worker) {
    CHECK(worker < 7);
    ++seen[static_cast<std::size_t>(i)];
  });
  for (auto const& s : seen) CHECK(s == 1);
  CHECK_THROWS_AS(ex.parallel(100,
                              [](index_t i, int) {
                                if (i == 50) throw std::runtime_error("task");
                              }),
                  std::runtime_error);
  std::atomic<int> n{0};
  ex.parallel(10, [&](index_t, int) { ex.parallel(10, [&](index_t, int) { ++n; }); });  // nested: runs alone
  CHECK(n == 100);
}
TEST_CASE("many threads may evaluate at once") {
  auto const x = normal<float>({1, 8, 20, 20}, 1), w = normal<float>({8, 8, 3, 3}, 2);
  auto const want = eval(conv2d(x, w));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 10; ++k) wrong += !allclose(eval(conv2d(x, w)), want, 0, 0);
    });
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
}
TEST_CASE("hostile input 65: one network may restore in eight threads at once, the first of them packing its weights") {
  nn::edvr_net<float> net({.num_feat = 16, .num_frame = 3, .deformable_groups = 2, .num_extract_block = 1, .num_reconstruct_block = 1});
  nn::init_random(net, 3);
  std::vector<tensor<float, 5>> windows;
  for (std::uint64_t i = 0; i < 8; ++i) windows.push_back(uniform<float>({1, 3, 3, 8, 12}, i));
  std::vector<tensor<float, 4>> got(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 8; ++i) threads.emplace_back([&, i] { got[i] = net(windows[i], {.executor = {.threads = i % 2 ? 1 : 3}}); });
  for (auto& t : threads) t.join();
  for (std::size_t i = 0; i < 8; ++i) CHECK(allclose(got[i], net(windows[i]), 0, 0));
}
TEST_CASE("few elements that are dear, and one long row, are shared among threads too") {
  auto const row = ones<float>({40'000});
  CHECK(is_shared([&](auto f) { return f(row); }));
  CHECK(is_shared([&](auto f) { return sum(f(row)); }));
  CHECK(is_shared([&](auto f) { return sum(f(ones<float>({3, 20'000})), {1}); }));
  CHECK(is_shared([&](auto f) { return argmax(f(ones<float>({2, 20'000})), 1); }));
  CHECK(is_shared([&](auto f) { return f(ones<float>({1, 3, 2, 9000})); }));
  CHECK(is_shared([&](auto f) { return f(stencil(wide_window{}, ones<float>({1, 1, 32, 32}))); }));
}
TEST_CASE_TEMPLATE("long rows and sums of everything: the same bits for every number of threads, and every element once", T, float,
                   double) {
  for (index_t n : {index_t{16384}, index_t{16385}, index_t{100'003}}) {
    auto const x = normal<T>({n}, 1);
    auto const y = normal<T>({1, n}, 2), all = normal<T>({3, n}, 3);
    for (auto isa : supported_instruction_sets()) {
      cpu_executor const alone{.threads = 1, .isa = isa};
      auto const row = eval(x * T(3) - reshape(y, {n}), alone);
      auto const total = eval(sum(all * all), alone), largest = eval(max(all), alone);
      double by_hand = 0;
      for (index_t i = 0; i < n; ++i)
        if (std::fabs(row(i) - (x(i) * T(3) - y(0, i))) > 1e-6) FAIL_CHECK("element " << i);
      for (index_t i = 0; i < all.size(); ++i) by_hand += static_cast<double>(all.data()[i] * all.data()[i]);
      CHECK(std::fabs(static_cast<double>(total()) / by_hand - 1) < (std::is_same_v<T, float> ? 1e-6 : 1e-12));
      CHECK(largest() == *std::max_element(all.data(), all.data() + all.size()));
      for (int threads : {2, 3, 7}) {
        cpu_executor const ex{.threads = threads, .isa = isa};
        CHECK(allclose(eval(x * T(3) - reshape(y, {n}), ex), row, 0, 0));
        CHECK(eval(sum(all * all), ex)() == total());
        CHECK(eval(max(all), ex)() == largest());
      }
    }
  }
  auto const x = normal<T>({2, 50'000}, 1);
  x(1, 49'999) = static_cast<T>(std::nan(""));
  CHECK(std::isnan(eval(max(x))()));
  CHECK(std::isnan(eval(sum(x))()));
}
TEST_CASE("threads round as their caller does") {
  auto const x = normal<float>({64, 4096}, 1);
  tensor<float, 2> rounded[3];
  int which = 0;
  for (int direction : {FE_UPWARD, FE_DOWNWARD, FE_TONEAREST}) {
    std::fesetround(direction);
    auto const one = eval(x / 3.f, cpu_executor{1}), four = eval(x / 3.f, cpu_executor{4});
    std::fesetround(FE_TONEAREST);
    CHECK(allclose(one, four, 0, 0));
    rounded[which++] = one;
  }
  CHECK_FALSE(allclose(rounded[0], rounded[1], 0, 0));
}

#if defined(__unix__) && !EDVR_SANITIZED  // sanitizers have threads and address space of their own
namespace {
/// What f(), run in a child of this process, returns; -1 if it takes longer than half a minute or dies.
template <class F>
int in_child(F const& f) {
  std::fflush(stdout);  // or a child that exits says it again
  pid_t const child = fork();
  if (child == 0) try {
      std::_Exit(f());
    } catch (...) {
      std::_Exit(99);
    }
  for (int i = 0; i < 15000; ++i) {
    int state = 0;
    if (waitpid(child, &state, WNOHANG) == child) return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return -1;
}
}  // namespace
TEST_CASE("a child of fork() has threads of its own") {
  auto const x = ones<float>({100, 1000});
  CHECK(eval(sum(eval(x + 1.f, cpu_executor{4})))() == 200'000);  // this process's have begun
  CHECK(in_child([&] { return eval(sum(eval(x + 1.f, cpu_executor{4})))() == 200'000 ? 7 : 1; }) == 7);
  CHECK(in_child([&] { return is_shared([&](auto f) { return f(x); }) ? 7 : 1; }) == 7);
}
TEST_CASE("a child of fork() has memory, whatever other threads of its parent are about") {
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) (void)empty<float>({1 << 18});
  });
  int right = 0;
  for (int i = 0; i < 20; ++i) right += in_child([] { return eval(ones<float>({1 << 18}) + 1.f)(7) == 2 ? 7 : 1; }) == 7;
  stop = true;
  busy.join();
  CHECK(right == 20);
}
TEST_CASE("where the system gives fewer threads than asked for, those do it") {
  CHECK(in_child([] {
          rlimit usual;
          if (getrlimit(RLIMIT_AS, &usual) != 0) return 1;
          rlimit const little{rlim_t{3} << 30, usual.rlim_max};  // bytes of address space: some hundreds of stacks
          if (setrlimit(RLIMIT_AS, &little) != 0) return 2;
          if (void* volatile const more = std::malloc(std::size_t{3} << 30)) return more ? 7 : 0;  // an emulator, which limits nothing
          auto const y = eval(ones<float>({2000, 5000}) + 1.f, cpu_executor{2000});
          bool refused = false;
          try {
            std::thread([] {}).join();
          } catch (std::exception const&) {
            refused = true;
          }
          setrlimit(RLIMIT_AS, &usual);
          return refused && eval(sum(y))() == 20'000'000 ? 7 : 3;
        }) == 7);
}
TEST_CASE("a task may end the program, on whatever thread it runs") {
  CHECK(in_child([] {
          std::atomic<bool> left{false};
          cpu_executor{4}.parallel(1000, [&](index_t, int worker) {
            if (worker > 0 && !left.exchange(true)) std::exit(7);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          });
          return 1;
        }) == 7);
}
#if defined(__linux__)
TEST_CASE("where the system gives no more memory, what is kept for later goes back to it first") {
  CHECK(in_child([] {
          (void)empty<float>({20'000'000});  // 80 MB, kept
          long pages = 0;
          std::ifstream("/proc/self/statm") >> pages;
          rlim_t const bytes = static_cast<rlim_t>(pages) * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{8} << 20);
          rlimit usual;
          if (pages == 0 || getrlimit(RLIMIT_AS, &usual) != 0) return 1;
          rlimit const little{bytes, usual.rlim_max};
          if (setrlimit(RLIMIT_AS, &little) != 0) return 2;
          if (void* volatile const more = std::malloc(std::size_t{1} << 30)) return more ? 7 : 0;  // an emulator, which limits nothing
          return empty<float>({21'250'000}).size() == 21'250'000 ? 7 : 3;
        }) == 7);
}
#endif
#endif
