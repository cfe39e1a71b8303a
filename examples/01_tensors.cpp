// SPDX-License-Identifier: Apache-2.0
// Tensors, views, expressions: what runs, and when.
#include <iostream>

#include "edvr/edvr.hpp"

int main() {
  using namespace edvr;
  auto const x = normal<float>({1, 8, 6, 6}, /*seed=*/1);
  auto const w = normal<float>({8, 8, 3, 3}, 2, 0, 0.1);
  auto const b = zeros<float>({8});

  auto const tree = x * 2.f + 1.f;  // nothing has been computed
  auto const y = eval(tree);        // one pass, one new tensor
  std::cout << "mean " << eval(mean(y)) << '\n';

  // Two convolutions and two tensors: the rectifier and the sum are part of the convolutions' stores.
  auto const before = host_memory.allocations.load();
  auto const z = eval(x + conv2d(relu(conv2d(x, w, b, {.padding = 1})), w, b, {.padding = 1}));
  std::cout << "tensors made: " << host_memory.allocations - before << '\n';

  auto const crop = slice(slice(z, 2, 1, 5), 3, 1, 5);  // a view: shares memory with z
  auto const per_channel = eval(max(crop, {0, 2, 3}));
  std::cout << "largest of each channel " << per_channel << '\n';
}
