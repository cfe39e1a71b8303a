// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <type_traits>
#include <utility>
#include <vector>

#include "edvr/backend/cpu/gemm.hpp"
#include "edvr/backend/cpu/executor.hpp"
#include "edvr/ops/algorithm.hpp"

namespace edvr::inline v1 {

namespace fn {
/// One output element: the plain sum.
template <class A, class B>
struct matmul_reference {
  static constexpr bool packs = false;
  A a;
  B b;
  index_t depth;
  bool unit(int) const { return false; }
  EDVR_HD auto operator()(coord<2> const& o) const {
    typename A::value_type sum(0);
    for (index_t i = 0; i < depth; ++i) sum += a(coord<2>{{o[0], i}}) * b(coord<2>{{i, o[1]}});
    return sum;
  }
};
}  // namespace fn

namespace detail {
/// Bands of rows of a times all of b, stored through the epilogue. Scratch: one band of results a worker.
template <class T, class Store, class Ex>
void matmul_gemm(tensor<T, 2, cpu> const& a, tensor<T, 2, cpu> const& b, Store const& to, Ex const& ex) {
  index_t const rows = a.extent(0), depth = a.extent(1), columns = b.extent(1);
  if (rows == 0 || columns == 0) return;
  constexpr index_t band = 64;
  index_t const tasks = (rows + band - 1) / band;
  scratch<T> const work(std::min<index_t>(ex.workers(), tasks) * band * columns);
  ex.parallel(tasks, [&](index_t task, int worker) {
    T* const c = work.data() + worker * band * columns;
    index_t const first = task * band, n = std::min(band, rows - first);
    std::fill_n(c, n * columns, T(0));
    gemm(n, columns, depth, a.data() + first * depth, depth, b.data(), columns, c, columns);
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < columns; ++j) to(coord<2>{{first + i, j}}, c[i * columns + j]);
  });
}

/// The whole product by the executor's own, then stored through the epilogue.
template <class T, class S, class Store, class Ex>
void matmul_whole(tensor<T, 2, S> const& a, tensor<T, 2, S> const& b, Store const& to, Ex const& ex) {
  auto const c = empty<T, S>(coord<2>{{a.extent(0), b.extent(1)}});
  if (c.empty()) return;
  if (a.extent(1) == 0)
    storage<S>::fill(c.data(), c.size(), T(0));
  else
    ex.gemm(gemm_job<T>{c.extent(0), c.extent(1), a.extent(1), a.data(), a.extent(1), b.data(), c.extent(1), c.data(), c.extent(1)});
  ex.for_each(to.y, composed{c.read(), to.epilogue});
}

template <class A, class B, class Algo>
struct matmul_node : private used_twice_name_its_value_with_eval {
  using value_type = value_t<A>;
  using space = space_t<A>;
  using runs_once = void;
  static constexpr int rank = 2, heavy_nodes = A::heavy_nodes + B::heavy_nodes + 1;
  static constexpr bool has_last = true;
  A a;
  B b;
  matmul_node(A left, B right) : a(std::move(left)), b(std::move(right)) {}
  coord<2> shape() const { return {{a.shape()[0], b.shape()[1]}}; }
  void expand_to(coord<2> const& s) const {
    if (!(s == shape())) throw shape_error(text("matmul: result ", shape(), " would be repeated to ", s, "; write eval(matmul(...))"));
  }
  template <class G>
  void operands(G const& g) const {
    g(a), g(b);
  }
  template <class Store, class Ex>
  void run(Store const& to, Ex const& ex) const {
    auto const x = settle(a, ex);
    auto const y = settle(b, ex);
    if constexpr (choose<Algo, value_type, space>() != algorithm::reference && !std::is_same_v<space, cpu>)
      matmul_whole(packed(x, ex), packed(y, ex), to, ex);
    else if constexpr (choose<Algo, value_type, space>() != algorithm::reference)
      matmul_gemm(packed(x, ex), packed(y, ex), to, ex);
    else
      ex.for_each(to.y, composed{fn::matmul_reference<reader_t<bare<decltype(x)>>, reader_t<bare<decltype(y)>>>{reader(x), reader(y), x.shape()[1]}, to.epilogue});
  }

 private:
  template <class E, class Ex>
  static tensor<value_type, 2, space> packed(E const& e, Ex const& ex) {
    if constexpr (std::is_same_v<E, tensor<value_type, 2, space>>)
      if (e.is_contiguous()) return e;
    auto y = empty<value_type, space>(e.shape());
    run_into(y.writable(), e, ex);
    return y;
  }
};
}  // namespace detail

/// Matrix product: a (m, k), b (k, n), returns (m, n). Sums in the element type. Lazy, heavy. Throws shape_error. Cost: 2 m n k flop.
/// Same as torch.mm.
template <has_rank<2> A, has_rank<2> B, class Algo = algo::automatic>
  requires same_space<A, B> && same_element<A, B>
auto matmul(A&& a, B&& b, Algo = {}) {
  if (a.shape()[1] != b.shape()[0])
    throw shape_error(text("matmul: shapes ", a.shape(), " and ", b.shape(), "; expected the columns of the first to be the rows of the second"));
  return detail::matmul_node<bare<A>, bare<B>, Algo>(take(std::forward<A>(a)), take(std::forward<B>(b)));
}

}  // namespace edvr::v1
