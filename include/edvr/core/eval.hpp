// SPDX-License-Identifier: Apache-2.0
// Turning a tree into a tensor. Inner heavy nodes run first, each once; the last one on the way to the root stores its result through the
// pointwise ops above it, which are then its epilogue. docs/design.md has the rules.
#pragma once
#include <type_traits>
#include <utility>

#include "edvr/core/aliasing.hpp"
#include "edvr/core/executor.hpp"
#include "edvr/core/expression.hpp"

namespace edvr::inline v1 {

namespace detail {

/// In an epilogue: the element that the last heavy node has just computed.
template <class T, int R, class S>
struct hole {
  using value_type = T;
  using space = S;
  static constexpr int rank = R, heavy_nodes = 0;
  static constexpr bool has_last = false, packs = packable<T>;
  coord<R> extent;
  edvr::coord<R> shape() const { return extent; }
  hole read() const { return *this; }
  bool unit(int) const { return true; }
  template <class At, class V>
  EDVR_HD V const& operator()(At const&, V const& v) const {
    return v;
  }
};

/// What a heavy kernel writes with: y[at] = epilogue(at, v), for a value or a pack.
template <class Y, class Epilogue>
struct store {
  static constexpr bool packs = Y::packs && Epilogue::packs;
  Y y;
  Epilogue epilogue;
  bool unit(int axis) const { return y.unit(axis) && epilogue.unit(axis); }
  template <class At, class V>
  EDVR_HD void operator()(At const& at, V const& v) const {
    y.put(at, epilogue(at, v));
  }
};
template <class Y, class E>
store(Y, E) -> store<Y, E>;

/// epilogue(at, kernel(at)): how an op that is a function of one output position runs.
template <class Kernel, class Epilogue>
struct composed {
  static constexpr bool packs = Kernel::packs && Epilogue::packs;
  Kernel kernel;
  Epilogue epilogue;
  bool unit(int axis) const { return kernel.unit(axis) && epilogue.unit(axis); }
  index_t cost() const
    requires requires(Kernel const& k) { k.cost(); }
  {
    return kernel.cost();
  }
  template <class At>
  EDVR_HD auto operator()(At const& at) const {
    return epilogue(at, kernel(at));
  }
  template <class F>
  void operands(F const& f) const {
    f(kernel), f(epilogue);
  }
};
template <class K, class E>
composed(K, E) -> composed<K, E>;

/// Is Y such a scattered destination (ops/pixel_shuffle.hpp)?
template <class Y>
concept is_shuffled = requires(Y const& y) { y.planes; };
/// Does an epilogue look at nothing but the value it is given?
template <class E>
inline constexpr bool position_free = false;
template <class T, int R, class S>
inline constexpr bool position_free<hole<T, R, S>> = true;
template <class T, int R, class S>
inline constexpr bool position_free<constant<T, R, S>> = true;
template <class F, class A>
inline constexpr bool position_free<unary<F, A>> = position_free<A>;
template <class F, class A, class B>
inline constexpr bool position_free<binary<F, A, B>> = position_free<A> && position_free<B>;
template <class F, class A, class B, class C>
inline constexpr bool position_free<ternary<F, A, B, C>> = position_free<A> && position_free<B> && position_free<C>;

/// Memory order of a new tensor for e: channels last where a convolution makes it or an operand of rank 4 has it.
template <class E>
bool wants_channels_last(E const& e) {
  if constexpr (E::rank != 4)
    return false;
  else if constexpr (requires { e.is_channels_last(); })
    return e.is_channels_last();
  else if constexpr (requires { e.makes_channels_last(); })
    return e.makes_channels_last();
  else if constexpr (requires { e.operands([](auto const&) {}); }) {
    bool found = false;
    e.operands([&](auto const& a) {
      if constexpr (bare<decltype(a)>::rank == 4) found = found || wants_channels_last(a);
    });
    return found;
  } else
    return false;
}
template <class T, class E>
auto empty_like(E const& e) {
  auto const s = e.shape();
  checked_volume("eval", s, sizeof(T));  // before strides are computed from it
  if constexpr (E::rank == 4)
    if (wants_channels_last(e)) return empty<T, space_t<E>>(s, channels_last(s));
  return empty<T, space_t<E>>(s);
}

template <class Y, class E, class Ex>
void run_into(Y y, E const& e, Ex const& ex);
template <class T, class E, class Ex>
auto run(E const& e, Ex const& ex) {
  auto y = empty_like<T>(e);
  run_into(y.writable(), e, ex);
  return y;
}

/// A pointwise equivalent of e: everything heavy in it has run, into tensors of T where T can hold its values, else of its own values.
template <class T = void, class E, class Ex>
auto settle(E const& e, Ex const& ex) {
  if constexpr (pointwise<E>)
    return e;
  else if constexpr (E::has_last || concat_of_two<E>)
    return run<std::conditional_t<std::is_same_v<arithmetic_t<T>, value_t<E>>, T, value_t<E>>>(e, ex);
  else
    return e.map([&](auto const& a) { return settle<T>(a, ex); });
}
/// The tree above the last heavy node, with a hole in its place. What is not on the way to it is settled, left to right.
template <class E, class Ex>
auto above(E const& e, Ex const& ex) {
  if constexpr (heavy<E>)
    return hole<value_t<E>, E::rank, space_t<E>>{e.shape()};
  else
    return e.map_last([&](auto const& a) { return above(a, ex); }, [&](auto const& a) { return settle(a, ex); });
}
template <class E>
auto const& last(E const& e) {
  if constexpr (heavy<E>)
    return e;
  else
    return last(e.toward_last());
}

template <class Y, class E, class Ex>
void run_into(Y y, E const& e, Ex const& ex) {
  if constexpr (E::has_last) {
    auto const epilogue = above(e, ex);
    store const to{y, reader(epilogue)};
    static_assert(std::is_trivially_copyable_v<decltype(to)>);
    last(e).run(to, ex);
  } else if constexpr (concat_of_two<E> && !pointwise<E>) {
    auto const part = [&](index_t from, index_t n) {
      Y z = y;
      z.data += from * z.step[E::axis];
      z.extent[E::axis] = n;
      return z;
    };
    run_into(part(0, e.split_axis), e.a, ex);
    run_into(part(e.split_axis, y.extent[E::axis] - e.split_axis), e.b, ex);
  } else if constexpr (stored_through<E>) {
    run_into(e.m.into(y), e.a, ex);
  } else {
    auto const tree = settle(e, ex);
    auto const read = reader(tree);
    static_assert(std::is_trivially_copyable_v<decltype(read)>);
    ex.for_each(y, read);
  }
}

}  // namespace detail

/// Runs e into a new tensor: shape of e; channels-last in memory if a convolution makes it or an operand of rank 4 is, else row-major.
/// Every inner heavy op makes a tensor more, and so does a pointwise operand of an op that reads windows; other pointwise ops make none.
/// Strong guarantee.
/// A heavy result that has a name is moved in, eval(std::move(y)), or better written where it is used.
template <operand E, executor Ex = default_executor_t<space_t<E>>>
auto eval(E&& e, Ex const& ex = {}) {
  return detail::run<value_t<E>>(take(std::forward<E>(e)), ex);
}
/// The same with elements stored as T: eval<float16>(x) and eval<bfloat16>(x) of floats are rounded as they are stored.
template <class T, operand E, executor Ex = default_executor_t<space_t<E>>>
  requires std::is_same_v<arithmetic_t<T>, value_t<E>>
tensor<T, bare<E>::rank, space_t<E>> eval(E&& e, Ex const& ex = {}) {
  return detail::run<T>(take(std::forward<E>(e)), ex);
}

/// x itself if its elements are stored as To, else a copy that is: to<bfloat16>(x), and to<float>(x) back.
template <class To, class T, int R, class S, executor Ex = default_executor_t<S>>
  requires std::is_same_v<arithmetic_t<To>, arithmetic_t<T>>
tensor<To, R, S> to(tensor<T, R, S> const& x, Ex const& ex = {}) {
  if constexpr (std::is_same_v<To, T>)
    return x;
  else
    return eval<To>(x, ex);
}

/// Runs e into y. e may read y's memory only at the element being written (y + f(x), in place); anything else throws alias_error before any
/// work, as does a byte range shared with another tensor of e, or a y that has one element at several positions (broadcast views,
/// overlapping windows). Throws shape_error if the shapes differ.
template <class T, int R, class S, operand E, executor Ex = default_executor_t<S>>
  requires same_space<tensor<T, R, S>, E> && same_rank<tensor<T, R, S>, E> && same_element<tensor<T, R, S>, E>
void assign(tensor<T, R, S> const& y, E&& from, Ex const& ex = {}) {
  auto const e = take(std::forward<E>(from));
  if (!(y.shape() == e.shape()))
    throw shape_error(text("assign: destination has shape ", y.shape(), "; expected ", e.shape(), ", the expression's"));
  if (y && detail::repeats_itself(y.read()))
    throw alias_error(text("assign: destination of shape ", y.shape(), " and strides ", y.strides(),
                           " has one element at several positions (a broadcast view, overlapping windows); clone it first"));
  detail::refuse_reads_of_stored(y.writable(), e, true);
  detail::run_into(y.writable(), e, ex);
}

/// A packed copy: channels-last if x is, else row-major.
template <class T, int R, class S, executor Ex = default_executor_t<S>>
tensor<T, R, S> clone(tensor<T, R, S> const& x, Ex const& ex = {}) {
  return eval<T>(x, ex);
}
/// x itself if its elements are one row-major run, else a row-major copy.
template <class T, int R, class S, executor Ex = default_executor_t<S>>
tensor<T, R, S> contiguous(tensor<T, R, S> const& x, Ex const& ex = {}) {
  if (x.is_contiguous()) return x;
  auto y = empty<T, S>(x.shape());
  assign(y, x, ex);
  return y;
}

/// x (n, c, h, w) itself if its elements are one channels-last run, else such a copy: the layout that convolutions are fastest from.
template <class T, class S, executor Ex = default_executor_t<S>>
tensor<T, 4, S> to_channels_last(tensor<T, 4, S> const& x, Ex const& ex = {}) {
  if (x.is_channels_last()) return x;
  auto y = empty<T, S>(x.shape(), channels_last(x.shape()));
  assign(y, x, ex);
  return y;
}

/// x itself if it is in that memory already, else a copy there: to<gpu>(x), and to<cpu>(x) back. Waits for the copy, and so for the work
/// that makes x. Packed: channels-last if x is, else row-major.
template <memory_space To, class T, int R, class S, executor Ex = default_executor_t<std::conditional_t<std::is_same_v<To, cpu>, S, To>>>
tensor<T, R, To> to(tensor<T, R, S> const& x, Ex const& ex = {}) {
  if constexpr (std::is_same_v<To, S>) {
    return x;
  } else {
    if (!x) return {};
    auto const packed = [&] {
      if constexpr (R == 4)
        if (x.is_channels_last()) return x;
      if constexpr (R == 0)
        return x;
      else if constexpr (std::is_same_v<space_t<Ex>, S>)
        return contiguous(x, ex);
      else
        return contiguous(x);
    }();
    auto const y = empty<T, To>(packed.shape(), packed.strides());
    if (!y.empty()) ex.copy(y.data(), packed.data(), y.size());
    return y;
  }
}

}  // namespace edvr::v1
