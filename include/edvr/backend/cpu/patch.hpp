// SPDX-License-Identifier: Apache-2.0
// How an algorithm that is an ordinary function reads and writes an expression: through two function pointers, each called once for a run
// of pixels. Instantiating whole algorithms on trees costs three times the compile time and gains nothing.
#pragma once
#include <algorithm>
#include <type_traits>

#include "edvr/backend/cpu/executor.hpp"

namespace edvr::inline v1::detail {

/// Reads a feature map as elements T. load: `channels` channels from at[1] on, of the h x w pixels (at[2] + i, at[3] + j * step), to
/// to + i * row + j * pixel; zeros where a pixel lies outside.
template <class T>
struct source {
  void const* tree;
  coord<4> shape;
  void (*load)(void const* tree, coord<4> const& shape, coord<4> const& at, index_t channels, index_t h, index_t w, index_t step, T* to,
               index_t row, index_t pixel);
  view<T const, 4, cpu> stored;  // the same elements, if they are simply there with their channels side by side; else data is null

  void operator()(coord<4> const& at, index_t channels, index_t h, index_t w, index_t step, T* to, index_t row, index_t pixel) const {
    load(tree, shape, at, channels, h, w, step, to, row, pixel);
  }
};
/// Writes one from floats, or from doubles: `channels` channels from at[1] on,
/// of the h x w pixels (at[2] + i, at[3] + j), from from + i * row + j * pixel.
template <class T>
struct sink {
  void const* tree;
  void (*store)(void const* tree, coord<4> const& at, index_t channels, index_t h, index_t w, T const* from, index_t row, index_t pixel);

  void operator()(coord<4> const& at, index_t channels, index_t h, index_t w, T const* from, index_t row, index_t pixel) const {
    store(tree, at, channels, h, w, from, row, pixel);
  }
};
template <class T, class X>
source<T> source_of(X const& reader, coord<4> const& shape, instruction_set s) {
  source<T> from{&reader, shape, choose_tree(s, &baseline::load_patch<X, T>, &avx2::load_patch<X, T>), {}};
  if constexpr (std::is_same_v<X, view<T const, 4, cpu>>)
    if (reader.unit(1)) from.stored = reader;
  return from;
}
template <class T, class Store>
sink<T> sink_of(Store const& to, instruction_set s) {
  return {&to, choose_tree(s, &baseline::store_patch<Store, T>, &avx2::store_patch<Store, T>)};
}

/// Output pixels first .. last - 1 of (n, oh, ow) as pieces of rows: f(n, h, w, count, number of pixels before).
template <class F>
void for_each_run(index_t first, index_t last, coord<4> const& shape, F const& f) {
  for (index_t p = first; p < last;) {
    index_t const w = p % shape[3], count = std::min(last - p, shape[3] - w);
    f(p / (shape[2] * shape[3]), p / shape[3] % shape[2], w, count, p - first);
    p += count;
  }
}
/// Pixels of a band whose columns, depth values each, stay in the second-level cache. Depends on the shapes only.
constexpr index_t band_pixels(index_t depth) {
  constexpr index_t elements = index_t{1} << 17;
  return std::clamp<index_t>(elements / std::max<index_t>(depth, 1), 16, 1024);
}

}  // namespace edvr::inline v1::detail
