// SPDX-License-Identifier: Apache-2.0
// How an algorithm that is an ordinary function reads and writes an expression: through two function pointers, each called once for a run
// of pixels. Instantiating whole algorithms on trees costs three times the compile time and gains nothing.
#pragma once
#include <algorithm>

#include "edvr/backend/cpu/executor.hpp"

namespace edvr::inline v1::detail {

/// Reads a feature map. load: `channels` channels from at[1] on, of the pixels (at[2], at[3] + i * step), i < count, to to + i * row;
/// zeros where a pixel lies outside.
template <class T>
struct source {
  void const* tree;
  coord<4> shape;
  void (*load)(void const* tree, coord<4> const& shape, coord<4> at, index_t channels, index_t count, index_t step, T* to, index_t row);
  void operator()(coord<4> const& at, index_t channels, index_t count, index_t step, T* to, index_t row) const {
    load(tree, shape, at, channels, count, step, to, row);
  }
};
/// Writes one: `channels` channels from at[1] on, of the pixels (at[2], at[3] + i), i < count, from from + i * row.
template <class T>
struct sink {
  void const* tree;
  void (*store)(void const* tree, coord<4> at, index_t channels, index_t count, T const* from, index_t row);
  void operator()(coord<4> const& at, index_t channels, index_t count, T const* from, index_t row) const {
    store(tree, at, channels, count, from, row);
  }
};

template <class X, class T>
void load_run(void const* tree, coord<4> const& shape, coord<4> at, index_t channels, index_t count, index_t step, T* to, index_t row) {
  X const x = *static_cast<X const*>(tree);
  index_t const first = at[1], last = first + channels;
  bool packed = false;
  if constexpr (X::packs) packed = x.unit(1);
  for (index_t i = 0; i < count; ++i, at[3] += step, to += row) {
    if (at[2] < 0 || at[2] >= shape[2] || at[3] < 0 || at[3] >= shape[3]) {
      std::fill_n(to, channels, T(0));
      continue;
    }
    at[1] = first;
    if constexpr (X::packs)
      if (packed)
        for (; at[1] + lane_width <= last; at[1] += lane_width) {
          auto const p = x(lanes<lane_width, 4, 1>{at});
          move_pack<lane_width>(to + (at[1] - first), p.lane);
        }
    for (; at[1] < last; ++at[1]) to[at[1] - first] = x(at);
  }
}
template <class Store, class T>
void store_run(void const* tree, coord<4> at, index_t channels, index_t count, T const* from, index_t row) {
  Store const put = *static_cast<Store const*>(tree);
  index_t const first = at[1], last = first + channels;
  bool packed = false;
  if constexpr (Store::packs) packed = put.unit(1);
  for (index_t i = 0; i < count; ++i, ++at[3], from += row) {
    at[1] = first;
    if constexpr (Store::packs)
      if (packed)
        for (; at[1] + lane_width <= last; at[1] += lane_width) {
          pack<T, lane_width> v;
          move_pack<lane_width>(v.lane, from + (at[1] - first));
          put(lanes<lane_width, 4, 1>{at}, v);
        }
    for (; at[1] < last; ++at[1]) put(at, from[at[1] - first]);
  }
}
template <class X>
source<value_t<X>> source_of(X const& reader, coord<4> const& shape) {
  return {&reader, shape, &load_run<X, value_t<X>>};
}
template <class T, class Store>
sink<T> sink_of(Store const& to) {
  return {&to, &store_run<Store, T>};
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
