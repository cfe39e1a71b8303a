// SPDX-License-Identifier: Apache-2.0
// A kernel of one's own held against the reference: here a 3x3 box filter, written by hand, against conv2d.
#include <iostream>
#include <vector>

#include "edvr/edvr.hpp"
#include "edvr/testing/compare.hpp"

namespace {
/// The sum of the 3x3 neighbourhood, zeros outside; planes of h x w floats.
void box_filter(float const* in, float* out, int h, int w) {
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x) {
      float sum = 0;
      for (int i = y > 0 ? y - 1 : 0; i <= y + 1 && i < h; ++i)
        for (int j = x > 0 ? x - 1 : 0; j <= x + 1 && j < w; ++j) sum += in[i * w + j];
      out[y * w + x] = sum;
    }
}
}  // namespace

int main() {
  constexpr int h = 37, w = 53;
  auto const x = edvr::normal<float>({1, 1, h, w}, 1);
  std::vector<float> mine(h * w);
  box_filter(x.data(), mine.data(), h, w);

  auto const exact =
      edvr::eval(edvr::conv2d(edvr::cast<double>(x), edvr::ones<double>({1, 1, 3, 3}), {.padding = 1}, edvr::algo::reference{}));
  auto const report =
      edvr::testing::compare(edvr::borrow(mine.data(), edvr::coord<4>{{1, 1, h, w}}), edvr::eval(edvr::cast<float>(exact)), 1e-5, 1e-5);
  std::cout << report.summary() << '\n';
  return report.within ? 0 : 1;
}
