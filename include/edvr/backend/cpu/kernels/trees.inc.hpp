// SPDX-License-Identifier: Apache-2.0
// How a tree is read and written, included once per instruction set inside its namespace and target region (isa.hpp). Uses `width`, the
// floats of a vector, and `tree_packs`, whether trees are asked for vectors at all.

/// Rows from .. last - 1 (all positions with Axis at 0, row-major): y[at] = g(at) at begin .. end - 1 of Axis.
template <int Axis, class Y, class G>
void sweep(Y const& to, G const& from_tree, index_t from, index_t last, index_t begin, index_t end) {
  Y const y = to;  // copies: no store can change what the loop reads
  G const g = from_tree;
  constexpr int R = Y::rank;
  bool packed = false;
  if constexpr (tree_packs && Y::packs && G::packs) packed = y.unit(Axis) && g.unit(Axis);
  auto at = position(from, y.extent, Axis);
  for (index_t row = from; row < last; ++row, advance(at, y.extent, Axis)) {
    at[Axis] = begin;
    if constexpr (tree_packs && Y::packs && G::packs)
      if (packed)
        for (; at[Axis] + width <= end; at[Axis] += width) {
          lanes<width, R, Axis> const l{at};
          y.put(l, g(l));
        }
    for (; at[Axis] < end; ++at[Axis]) y.put(at, g(at));
  }
}

/// Elements side by side, as they are.
template <class T>
EDVR_HD void copy_elements(T* to, T const* from, index_t n) {
  constexpr index_t block = width * 4 / sizeof(T);
  typedef char bytes __attribute__((vector_size(width * 4), aligned(1), may_alias));
  index_t i = 0;
  for (; i + block <= n; i += block) *reinterpret_cast<bytes*>(to + i) = *reinterpret_cast<bytes const*>(from + i);
  for (; i < n; ++i) to[i] = from[i];
}

/// source::load of a tree X.
template <class X, class T>
void load_patch(void const* tree, coord<4> const& shape, coord<4> const& from, index_t channels, index_t h, index_t w, index_t step, T* to,
                index_t row, index_t pixel) {
  X const x = *static_cast<X const*>(tree);
  index_t const first = from[1], last = first + channels;
  bool packed = false;
  if constexpr (tree_packs && X::packs) packed = x.unit(1);
  for (index_t i = 0; i < h; ++i)
    for (index_t j = 0; j < w; ++j) {
      coord<4> at{{from[0], first, from[2] + i, from[3] + j * step}};
      T* const put = to + i * row + j * pixel;
      if (at[2] < 0 || at[2] >= shape[2] || at[3] < 0 || at[3] >= shape[3]) {
        for (index_t c = 0; c < channels; ++c) put[c] = T(0);
        continue;
      }
      if constexpr (tree_packs && requires { requires std::is_same_v<decltype(x.data), T const*>; })
        if (packed) {
          copy_elements(put, x.address(at), channels);
          continue;
        }
      if constexpr (tree_packs && X::packs)
        if (packed)
          for (; at[1] + width <= last; at[1] += width) {
            auto const p = x(lanes<width, 4, 1>{at});
            move_pack<width>(put + (at[1] - first), p.lane);
          }
      for (; at[1] < last; ++at[1]) put[at[1] - first] = T(x(at));
    }
}

/// sink::store of a tree Store.
template <class Store, class T>
void store_patch(void const* tree, coord<4> const& to, index_t channels, index_t h, index_t w, T const* from, index_t row, index_t pixel) {
  Store const put = *static_cast<Store const*>(tree);
  index_t const first = to[1], last = first + channels;
  bool packed = false;
  if constexpr (tree_packs && Store::packs) packed = put.unit(1);
  for (index_t i = 0; i < h; ++i)
    for (index_t j = 0; j < w; ++j) {
      coord<4> at{{to[0], first, to[2] + i, to[3] + j}};
      T const* const get = from + i * row + j * pixel;
      if constexpr (tree_packs && Store::packs)
        if (packed)
          for (; at[1] + width <= last; at[1] += width) {
            pack<T, width> v;
            move_pack<width>(v.lane, get + (at[1] - first));
            put(lanes<width, 4, 1>{at}, v);
          }
      for (; at[1] < last; ++at[1]) put(at, get[at[1] - first]);
    }
}
