// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <type_traits>
#include <utility>

#include "edvr/backend/cpu/executor.hpp"
#include "edvr/backend/cpu/gemm.hpp"
#include "edvr/ops/algorithm.hpp"
#include "edvr/ops/arithmetic.hpp"
#include "edvr/ops/views.hpp"

namespace edvr::inline v1 {

namespace fn {
/// One output element: the plain sum.
template <class A, class B>
struct matmul_reference {
  static constexpr bool packs = false;
  static constexpr int rank = A::rank;
  A a;
  B b;
  coord<rank> left, right;  // extents of a and b
  bool unit(int) const { return false; }
  index_t cost() const { return left[rank - 1]; }
  EDVR_HD auto operator()(coord<rank> const& o) const {
    coord<rank> p = o, q = o;
    for (int i = 0; i < rank - 2; ++i) {  // one matrix for all of a batch
      if (left[i] == 1) p[i] = 0;
      if (right[i] == 1) q[i] = 0;
    }
    typename A::value_type sum(0);
    for (index_t i = 0; i < left[rank - 1]; ++i) {
      p[rank - 1] = q[rank - 2] = i;
      sum = plus{}(sum, times{}(a(p), b(q)));
    }
    return sum;
  }
};
}  // namespace fn

namespace detail {
/// Matrices one after the other in memory; step: elements from one of a batch to the next, 0 where one serves them all.
template <class T, int R, class S>
struct matrices {
  tensor<T, R, S> elements;
  index_t step;
};
template <int R>
index_t batch_of(coord<R> s) {
  s[R - 2] = s[R - 1] = 1;
  return volume(s);
}
template <class T, int R, class S, class E, class Ex>
matrices<T, R, S> packed_matrices(E const& e, coord<R> extent, Ex const& ex) {
  auto const s = e.shape();
  bool const whole = batch_of(s) != 1 && batch_of(s) != batch_of(extent);  // repeated along one of several axes: written out
  extent[R - 2] = s[R - 2], extent[R - 1] = s[R - 1];
  auto m = [&] {
    if constexpr (std::is_same_v<E, tensor<T, R, S>>)
      if (e.is_contiguous()) return e;
    auto y = empty<T, S>(s);
    run_into(y.writable(), e, ex);
    return y;
  }();
  if (whole) m = contiguous(broadcast_to(m, extent), ex);
  return {m, batch_of(m.shape()) == 1 ? 0 : s[R - 2] * s[R - 1]};
}

/// Bands of rows of a times all of b, stored through the epilogue. Scratch: one band of results a worker.
template <class T, int R, class Store, class Ex>
void matmul_gemm(matrices<T, R, cpu> const& a, matrices<T, R, cpu> const& b, coord<R> const& extent, Store const& to, Ex const& ex) {
  index_t const rows = extent[R - 2], columns = extent[R - 1], depth = a.elements.extent(R - 1);
  if (volume(extent) == 0) return;
  constexpr index_t band = 64;
  index_t const bands = (rows + band - 1) / band, tasks = batch_of(extent) * bands;
  scratch<T> const work(std::min<index_t>(ex.workers(), tasks) * band * columns);
  ex.parallel(tasks, [&](index_t task, int worker) {
    T* const c = work.data() + worker * band * columns;
    index_t const batch = task / bands, first = task % bands * band, n = std::min(band, rows - first);
    std::fill_n(c, n * columns, T(0));
    gemm(n, columns, depth, a.elements.data() + batch * a.step + first * depth, depth, b.elements.data() + batch * b.step, columns, c,
         columns);
    auto at = position(batch * rows + first, extent, R - 1);
    for (index_t i = 0; i < n; ++i, ++at[R - 2])
      for (index_t j = 0; j < columns; ++j) at[R - 1] = j, to(at, c[i * columns + j]);
  });
}

/// The whole product by the executor's own, then stored through the epilogue.
template <class T, int R, class S, class Store, class Ex>
void matmul_whole(matrices<T, R, S> const& a, matrices<T, R, S> const& b, coord<R> const& extent, Store const& to, Ex const& ex) {
  auto const c = empty<T, S>(extent);
  if (c.empty()) return;
  index_t const rows = extent[R - 2], columns = extent[R - 1], depth = a.elements.extent(R - 1);
  if (depth == 0)
    storage<S>::fill(c.data(), c.size(), T(0));
  else
    ex.gemm(gemm_job<T>{rows, columns, depth, a.elements.data(), depth, b.elements.data(), columns, c.data(), columns, batch_of(extent),
                        a.step, b.step, rows * columns});
  ex.for_each(to.y, composed{c.read(), to.epilogue});
}

template <class A, class B, class Algo>
struct matmul_node : private used_twice_name_its_value_with_eval {
  using value_type = value_t<A>;
  using space = space_t<A>;
  using runs_once = void;
  static constexpr int rank = A::rank, heavy_nodes = A::heavy_nodes + B::heavy_nodes + 1;
  static constexpr bool has_last = true;
  A a;
  B b;
  coord<rank> extent;
  matmul_node(A left, B right, coord<rank> const& result) : a(std::move(left)), b(std::move(right)), extent(result) {}
  coord<rank> shape() const { return extent; }
  static constexpr bool makes_channels_last() { return false; }  // rows and columns are no pixels
  void expand_to(coord<rank> const& s) const { detail::refuse_repeat("matmul", shape(), s); }
  template <class G>
  void operands(G const& g) const {
    g(a), g(b);
  }
  template <class Store, class Ex>
  void run(Store const& to, Ex const& ex) const {
    auto const x = settle(a, ex);
    auto const y = settle(b, ex);
    if constexpr (choose<Algo, value_type, space>() == algorithm::reference)
      ex.for_each(to.y, composed{fn::matmul_reference<reader_t<bare<decltype(x)>>, reader_t<bare<decltype(y)>>>{reader(x), reader(y),
                                                                                                                x.shape(), y.shape()},
                                 to.epilogue});
    else if constexpr (std::is_same_v<space, cpu>)
      matmul_gemm(packed_matrices<value_type, rank, space>(x, extent, ex), packed_matrices<value_type, rank, space>(y, extent, ex), extent,
                  to, ex);
    else
      matmul_whole(packed_matrices<value_type, rank, space>(x, extent, ex), packed_matrices<value_type, rank, space>(y, extent, ex), extent,
                   to, ex);
  }
};
}  // namespace detail

/// Matrix product of the last two axes: a (..., m, k), b (..., k, n), returns (..., m, n). The axes in front broadcast, those of the
/// operand of lower rank counted as 1. Sums in the element type, of 16-bit types in float. Lazy, heavy. Throws shape_error. Cost: 2 m n k
/// flop a matrix; an operand that repeats along some of several axes in front, but not all, is copied once for each. Same as torch.matmul
/// of tensors of rank 2 and more.
template <operand A, operand B, class Algo = algo::automatic>
  requires same_space<A, B> && same_element<A, B> && (bare<A>::rank >= 2 && bare<B>::rank >= 2)
auto matmul(A&& a, B&& b, Algo = {}) {
  static_assert(std::is_same_v<Algo, algo::automatic> || std::is_same_v<Algo, algo::reference>,
                "matmul: expected algo::automatic or algo::reference; the other algorithms are of convolutions");
  constexpr int R = bare<A>::rank > bare<B>::rank ? bare<A>::rank : bare<B>::rank;
  auto const p = promote<R>(a.shape()), q = promote<R>(b.shape());
  if (p[R - 1] != q[R - 2])
    throw shape_error(
        text("matmul: shapes ", a.shape(), " and ", b.shape(), "; expected the columns of the first to be the rows of the second"));
  auto batch_a = p, batch_b = q;
  batch_a[R - 2] = batch_b[R - 2] = p[R - 2], batch_a[R - 1] = batch_b[R - 1] = q[R - 1];
  auto const extent = broadcast("matmul", batch_a, batch_b);
  auto x = detail::promoted<R>(take(std::forward<A>(a)));
  auto y = detail::promoted<R>(take(std::forward<B>(b)));
  return detail::matmul_node<decltype(x), decltype(y), Algo>(std::move(x), std::move(y), extent);
}

}  // namespace edvr::v1
