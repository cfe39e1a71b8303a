// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support.hpp"
using namespace edvr;

TEST_CASE("results are bit-equal for 1, 2, 3 and 7 threads") {
  auto const x = normal<float>({2, 24, 37, 41}, 1), w = normal<float>({24, 24, 3, 3}, 2), offset = normal<float>({2, 4 * 18, 37, 41}, 3), mask = uniform<float>({2, 36, 37, 41}, 4);
  auto const b = normal<float>({24}, 5);
  auto const run = [&](int threads) {
    cpu_executor const ex{threads};
    auto const y = eval(deform_conv2d(eval(leaky_relu(conv2d(x, w, b, {.padding = 1})), ex), offset, sigmoid(mask), w, b, {.padding = 1}) + x, ex);
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
  CHECK_THROWS_AS(ex.parallel(100, [](index_t i, int) { if (i == 50) throw std::runtime_error("task"); }), std::runtime_error);
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
