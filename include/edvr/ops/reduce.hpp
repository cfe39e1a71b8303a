// SPDX-License-Identifier: Apache-2.0
// sum, mean, max, min over chosen axes, and the correlation of two maps along one axis.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "edvr/core/dtype.hpp"
#include "edvr/core/eval.hpp"
#include "edvr/ops/arithmetic.hpp"
#include "edvr/ops/views.hpp"

namespace edvr::inline v1 {

namespace fn {
template <class T>
struct sum {
  using accumulator = accumulate_t<T>;
  using result_type = std::conditional_t<std::is_integral_v<T>, std::int64_t, T>;
  static constexpr char const* name = "sum";
  EDVR_HD static accumulator first() { return accumulator(0); }
  EDVR_HD static accumulator add(accumulator s, T const& x) { return merge(s, static_cast<accumulator>(x)); }
  EDVR_HD static accumulator merge(accumulator a, accumulator b) {
    return static_cast<accumulator>(detail::wrapping(a) + detail::wrapping(b));
  }
  EDVR_HD static result_type result(accumulator s, index_t) { return static_cast<result_type>(s); }
};
template <class T>
struct mean : sum<T> {
  using accumulator = accumulate_t<T>;
  static constexpr char const* name = "mean";
  EDVR_HD static T result(accumulator s, index_t n) { return static_cast<T>(s / static_cast<accumulator>(n)); }
};
template <class T>
struct largest {  // NaN wins, as in PyTorch
  using accumulator = T;
  using result_type = T;
  static constexpr char const* name = "max";
  EDVR_HD static T first() {
    static_assert(std::numeric_limits<T>::is_specialized, "max and min of a scalar of your own need its std::numeric_limits");
    if constexpr (std::numeric_limits<T>::has_infinity)
      return -std::numeric_limits<T>::infinity();
    else
      return std::numeric_limits<T>::lowest();
  }
  EDVR_HD static T add(T s, T const& x) { return maximum{}(s, x); }
  EDVR_HD static T merge(T a, T b) { return add(a, b); }
  EDVR_HD static T result(T s, index_t) { return s; }
};
template <class T>
struct smallest {
  using accumulator = T;
  using result_type = T;
  static constexpr char const* name = "min";
  EDVR_HD static T first() {
    static_assert(std::numeric_limits<T>::is_specialized, "max and min of a scalar of your own need its std::numeric_limits");
    if constexpr (std::numeric_limits<T>::has_infinity)
      return std::numeric_limits<T>::infinity();
    else
      return std::numeric_limits<T>::max();
  }
  EDVR_HD static T add(T s, T const& x) { return minimum{}(s, x); }
  EDVR_HD static T merge(T a, T b) { return add(a, b); }
  EDVR_HD static T result(T s, index_t) { return s; }
};
}  // namespace fn

/// As last argument of a reduction: the axes stay, with extent 1, so that the result broadcasts against the operand.
struct keepdim_t {};
inline constexpr keepdim_t keepdim{};

namespace detail {
/// One output element. The axes in `over` are walked in row-major order; channels that lie side
/// by side, if they alone are reduced, in eight interleaved runs, on a CPU. The order depends on
/// the operand's layout and shape only, so the result is the same for every number of threads.
template <class Op, class X, int Out>
struct reduce_kernel {
  static constexpr bool packs = false, can_be_eight = X::packs && X::rank == 4 && std::is_same_v<typename X::space, cpu>;
  X x;
  coord<X::rank> extent, over;        // over: extents of the reduced axes, 1 elsewhere
  int to[X::rank > 0 ? X::rank : 1];  // output axis of each kept axis, -1 for the others
  index_t count;
  bool eight = false;
  bool unit(int) const { return false; }
  index_t cost() const { return eight ? (count + 7) / 8 : count; }
  /// Channels that lie side by side are the only axis reduced: eight running results, the i-th of every eighth element.
  bool eight_at_once() const {
    if constexpr (can_be_eight)
      return to[1] < 0 && count == over[1] && x.unit(1);
    else
      return false;
  }
  EDVR_HD auto operator()(coord<Out> const& at) const {
    coord<X::rank> base{};
    for (int i = 0; i < X::rank; ++i) base[i] = to[i] >= 0 ? at[to[i]] : 0;
    auto s = Op::first();
    if constexpr (can_be_eight)
      if (eight) {
        decltype(s) part[8] = {s, s, s, s, s, s, s, s};
        index_t& c = base[1];
        for (c = 0; c + 8 <= count; c += 8) {
          auto const v = x(lanes<8, X::rank, 1>{base});
          EDVR_LANES
          for (int i = 0; i < 8; ++i) part[i] = Op::add(part[i], v.lane[i]);
        }
        for (int i = 0; c < count; ++c, ++i) part[i] = Op::add(part[i], x(base));
        for (int i = 0; i < 4; ++i) part[i] = Op::merge(part[i], part[i + 4]);
        return Op::result(Op::merge(Op::merge(part[0], part[2]), Op::merge(part[1], part[3])), count);
      }
    return Op::result(part(base, 0, count), count);
  }
  /// Terms from .. last - 1 of the result whose first term is at `base`.
  EDVR_HD auto part(coord<X::rank> const& base, index_t from, index_t last) const {
    auto s = Op::first();
    if (from >= last) return s;
    auto p = position(from, over);
    coord<X::rank> end{};
    for (int i = 0; i < X::rank; ++i) p[i] += base[i], end[i] = base[i] + over[i];
    for (index_t k = from; k < last; ++k) {
      s = Op::add(s, x(p));
      for (int i = X::rank; i-- > 0; p[i] = base[i])  // p to the next one
        if (++p[i] < end[i]) break;
    }
    return s;
  }
};

/// One result of so many terms is summed in parts of so many, whatever the number of threads.
inline constexpr index_t part_of_sum = 1 << 15;

/// For an executor that reduces all by itself: the i-th term, how two partial results merge, and the result.
template <class Op, class Kernel>
struct reduced_element {
  Kernel kernel;
  EDVR_HD auto operator()(index_t i) const { return Op::add(Op::first(), kernel.x(position(i, kernel.extent))); }
};
template <class Op>
struct merge_reduced {
  template <class A>
  EDVR_HD A operator()(A const& a, A const& b) const {
    return Op::merge(a, b);
  }
};
template <class Op, int Out>
struct reduced_result {
  static constexpr bool packs = false;
  typename Op::accumulator const* sum;
  index_t count;
  bool unit(int) const { return false; }
  EDVR_HD auto operator()(coord<Out> const&) const { return Op::result(*sum, count); }
};

template <class Op, class X, int Out>
struct reduce_node : private used_twice_name_its_value_with_eval {
  using value_type = typename Op::result_type;
  using space = space_t<X>;
  using runs_once = void;
  static constexpr int rank = Out, heavy_nodes = X::heavy_nodes + 1;
  static constexpr bool has_last = true;
  X x;
  unsigned axes;  // bit i: axis i is reduced
  bool keep;

  reduce_node(X operand, unsigned reduced, bool keepdim) : x(std::move(operand)), axes(reduced), keep(keepdim) {}
  coord<Out> shape() const {
    auto const s = x.shape();
    coord<Out> r{};
    for (int i = 0, j = 0; i < X::rank; ++i) {
      bool const gone = axes >> i & 1u;
      if (!gone || keep) r[j++] = gone ? 1 : s[i];
    }
    return r;
  }
  bool makes_channels_last() const { return wants_channels_last(x); }
  void expand_to(coord<Out> const& s) const { detail::refuse_repeat(Op::name, shape(), s); }
  template <class G>
  void operands(G const& g) const {
    g(x);
  }
  template <class Store, class Ex>
  void run(Store const& to, Ex const& ex) const {
    auto const input = settle(x, ex);
    auto const s = input.shape();
    reduce_kernel<Op, reader_t<bare<decltype(input)>>, Out> kernel{reader(input), s, {}, {}, 1};
    for (int i = 0, j = 0; i < X::rank; ++i) {
      bool const gone = axes >> i & 1u;
      kernel.over[i] = gone ? s[i] : 1;
      kernel.count *= kernel.over[i];
      kernel.to[i] = gone ? -1 : j;
      if (!gone || keep) ++j;
    }
    kernel.eight = kernel.eight_at_once();
    bool const single = Out == 0 || volume(to.y.extent) == 1;
    if constexpr (std::is_same_v<space, cpu>) {
      if (single && kernel.count > part_of_sum) return in_parts(kernel, to, ex);
    } else {
      if (Out == 0 || (single && kernel.count > 0)) return everything(kernel, to, ex);
    }
    if constexpr (Out > 0 || std::is_same_v<space, cpu>) ex.for_each(to.y, composed{kernel, to.epilogue});
  }

 private:
  /// One result of many threads, on a CPU.
  template <class Kernel, class Store, class Ex>
  static void in_parts(Kernel const& kernel, Store const& to, Ex const& ex) {
    index_t const parts = (kernel.count - 1) / part_of_sum + 1;
    scratch<typename Op::accumulator> const sums(parts);
    ex.parallel(parts,
                [&](index_t i, int) { sums.data()[i] = kernel.part({}, i * part_of_sum, std::min(kernel.count, (i + 1) * part_of_sum)); });
    auto* const sum = sums.data();
    for (index_t i = 1; i < parts; ++i) *sum = Op::merge(*sum, sum[i]);
    ex.for_each(to.y, composed{reduced_result<Op, Out>{sum, kernel.count}, to.epilogue});
  }
  /// One result of a whole device: the executor's own reduction, and then the epilogue.
  template <class Kernel, class Store, class Ex>
  static void everything(Kernel const& kernel, Store const& to, Ex const& ex) {
    using accumulator = typename Op::accumulator;
    auto const sum = storage<space>::template allocate<accumulator>(1);
    ex.reduce(kernel.count, reduced_element<Op, Kernel>{kernel}, Op::first(), merge_reduced<Op>{}, sum.get());
    ex.for_each(to.y, composed{reduced_result<Op, Out>{sum.get(), kernel.count}, to.epilogue});
  }
};

template <class Op, class X>
unsigned reduced_axes(X const& x, int const* axes, std::size_t n) {
  unsigned bits = 0;
  checked_volume(Op::name, x.shape());  // a lazy operand may be larger than anything in memory
  for (std::size_t i = 0; i < n; ++i) {
    check_axis(Op::name, axes[i], X::rank);
    if (bits >> axes[i] & 1u) throw shape_error(text(Op::name, ": axis ", axes[i], " is given twice; expected each axis once"));
    bits |= 1u << axes[i];
    if constexpr (std::is_same_v<Op, fn::largest<value_t<X>>> || std::is_same_v<Op, fn::smallest<value_t<X>>>)
      if (x.shape()[axes[i]] == 0)
        throw shape_error(text(Op::name, ": axis ", axes[i], " of ", x.shape(), " is empty; there is no ", Op::name, " of nothing"));
  }
  return bits;
}
template <template <class> class Op, class X, std::size_t N>
auto reduce(X&& x, int const (&axes)[N]) {
  static_assert(static_cast<int>(N) <= bare<X>::rank, "more axes than the operand has");
  using op = Op<value_t<X>>;
  auto const bits = reduced_axes<op>(x, axes, N);
  return reduce_node<op, bare<X>, bare<X>::rank - static_cast<int>(N)>(take(std::forward<X>(x)), bits, false);
}
template <template <class> class Op, class X, std::size_t N>
auto reduce(X&& x, int const (&axes)[N], keepdim_t) {
  using op = Op<value_t<X>>;
  auto const bits = reduced_axes<op>(x, axes, N);
  return reduce_node<op, bare<X>, bare<X>::rank>(take(std::forward<X>(x)), bits, true);
}
template <template <class> class Op, class X>
auto reduce_all(X&& x) {
  constexpr int R = bare<X>::rank;
  if constexpr (R == 0) {
    return reduce_node<Op<value_t<X>>, bare<X>, 0>(take(std::forward<X>(x)), 0, false);
  } else {
    int axes[std::size_t{R}];
    for (int i = 0; i < R; ++i) axes[i] = i;
    return reduce<Op>(std::forward<X>(x), axes);
  }
}
}  // namespace detail

/// Over the axes given, which disappear: sum(x, {2, 3}) of (n, c, h, w) is (n, c); sum(x, {1}, keepdim) is (n, 1, h, w); sum(x) is one
/// number of rank 0. Lazy, heavy. Sums and means of floats are kept in double; sums of integers and bool (a count) are int64; integers have
/// no mean (cast<float>(x) first). Of an empty axis the sum is 0, the mean NaN; max and min throw shape_error. max and min are NaN if an
/// element is. Same as torch.sum, mean, amax, amin.
template <operand X, std::size_t N, class... Keep>
auto sum(X&& x, int const (&axes)[N], Keep... keep) {
  return detail::reduce<fn::sum>(std::forward<X>(x), axes, keep...);
}
template <operand X>
auto sum(X&& x) {
  return detail::reduce_all<fn::sum>(std::forward<X>(x));
}
template <real_valued X, std::size_t N, class... Keep>
auto mean(X&& x, int const (&axes)[N], Keep... keep) {
  return detail::reduce<fn::mean>(std::forward<X>(x), axes, keep...);
}
template <real_valued X>
auto mean(X&& x) {
  return detail::reduce_all<fn::mean>(std::forward<X>(x));
}
template <operand X, std::size_t N, class... Keep>
auto max(X&& x, int const (&axes)[N], Keep... keep) {
  return detail::reduce<fn::largest>(std::forward<X>(x), axes, keep...);
}
template <operand X>
auto max(X&& x) {
  return detail::reduce_all<fn::largest>(std::forward<X>(x));
}
template <operand X, std::size_t N, class... Keep>
auto min(X&& x, int const (&axes)[N], Keep... keep) {
  return detail::reduce<fn::smallest>(std::forward<X>(x), axes, keep...);
}
template <operand X>
auto min(X&& x) {
  return detail::reduce_all<fn::smallest>(std::forward<X>(x));
}

/// Sum over one axis of a * b, the axis kept with extent 1: how alike two feature maps are at
/// each position. No product is written. a, b (n, c, h, w), axis 1: (n, 1, h, w). Lazy,
/// heavy. Throws shape_error. EDVR section 3.3 calls it the similarity in an embedding space, before the sigmoid.
template <operand A, operand B>
  requires same_space<A, B> && same_rank<A, B> && same_element<A, B>
auto correlation(A&& a, B&& b, int axis = 1) {
  return sum(std::forward<A>(a) * std::forward<B>(b), {axis}, keepdim);
}

}  // namespace edvr::v1
