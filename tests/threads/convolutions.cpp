// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"
using namespace edvr;

TEST_CASE("conv2d: the same bits for every number of threads, by every algorithm and instruction set") {
  auto const x = normal<float>({2, 32, 37, 41}, 1), w = normal<float>({40, 32, 3, 3}, 2);
  for (auto isa : supported_instruction_sets()) {
    auto const check = [&](auto algorithm) {
      auto const one = eval(conv2d(x, w, {.padding = 1}, algorithm), cpu_executor{.threads = 1, .isa = isa});
      for (int threads : {2, 3, 7})
        CHECK(allclose(eval(conv2d(x, w, {.padding = 1}, algorithm), cpu_executor{.threads = threads, .isa = isa}), one, 0, 0));
    };
    check(algo::direct{}), check(algo::winograd{});
    if (isa == instruction_set::baseline) check(algo::im2col{});  // which asks Eigen, not for instructions
    auto const half = [&](auto algorithm) {
      auto const xb = to<bfloat16>(x), wb = to<bfloat16>(w);
      auto const one = eval(conv2d(xb, wb, {.padding = 1}, algorithm), cpu_executor{.threads = 1, .isa = isa});
      for (int threads : {2, 3, 7})
        CHECK(allclose(eval(conv2d(xb, wb, {.padding = 1}, algorithm), cpu_executor{.threads = threads, .isa = isa}), one, 0, 0));
    };
    half(algo::direct{}), half(algo::winograd{});
  }
}
TEST_CASE("deform_conv2d: the same bits for every number of threads") {
  auto const x = normal<float>({1, 32, 23, 21}, 1), w = normal<float>({32, 32, 3, 3}, 2), offset = normal<float>({1, 72, 23, 21}, 3, 0, 2);
  auto const mask = uniform<float>({1, 36, 23, 21}, 4);
  conv2d_params const p{.padding = 1};
  for (auto isa : supported_instruction_sets()) {
    auto const one = eval(deform_conv2d(x, offset, mask, w, {}, p), cpu_executor{.threads = 1, .isa = isa});
    for (int threads : {2, 3, 7})
      CHECK(allclose(eval(deform_conv2d(x, offset, mask, w, {}, p), cpu_executor{.threads = threads, .isa = isa}), one, 0, 0));
  }
}
