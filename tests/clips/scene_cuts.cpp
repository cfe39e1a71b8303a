// SPDX-License-Identifier: Apache-2.0
#include "scene_cuts.hpp"

#include <vector>

#include "support.hpp"
using namespace edvr;

namespace {
/// The frames, gray and each of one level, that begin a scene.
std::vector<std::size_t> begins(std::vector<float> const& levels, double threshold = program::scene_cuts::usual_threshold) {
  program::scene_cuts cut(threshold);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < levels.size(); ++i)
    if (cut(full<float>({3, 2, 4}, levels[i]))) found.push_back(i);
  return found;
}
using frames = std::vector<std::size_t>;
}  // namespace

TEST_CASE("scene cuts: a difference of at least the threshold, and three times the one before") {
  CHECK(begins({0.5f}) == frames{});
  CHECK(begins({0.5f, 0.61f}) == frames{1});
  CHECK(begins({0.5f, 0.59f}) == frames{});
  CHECK(begins({0.5f, 0.59f}, 0.05) == frames{1});
  CHECK(begins({0.5f, 0.3f, 0.5f, 0.3f}) == frames{1});            // flicker is no cut each time
  CHECK(begins({0.1f, 0.15f, 0.4f, 0.4f, 0.9f}) == frames{2, 4});  // 0.05, 0.25, 0, 0.5
  CHECK(begins({0.1f, 0.2f, 0.45f}) == frames{1});                 // 0.25 is not three times 0.1
}
TEST_CASE("scene cuts: the luma of BT.601, over all pixels") {
  program::scene_cuts cut(0.1);
  auto const one = zeros<float>({3, 2, 4}), other = zeros<float>({3, 2, 4});
  (void)cut(one);
  for (index_t j = 0; j < 4; ++j) other(2, 0, j) = other(2, 1, j) = 0.8f;  // 0.114 of it
  CHECK(!cut(other));
  auto const green = clone(other);
  for (index_t j = 0; j < 2; ++j) green(1, 0, j) = 1;  // a quarter of the pixels by 0.587: below three times 0.0912
  CHECK(!cut(green));
  for (index_t j = 0; j < 4; ++j) green(0, 0, j) = 1, green(1, 1, j) = 1;
  CHECK(cut(green));  // 0.443 is three times 0.1468
}
