// SPDX-License-Identifier: Apache-2.0
// Trees of structs that hold tensors by value. Building one computes nothing; eval (core/eval.hpp) runs it.
#pragma once
#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

#include "edvr/core/tensor.hpp"

namespace edvr::inline v1 {

/// A tensor or a tree over tensors.
template <class E>
concept expression = requires(E const& e) {
  typename E::value_type;
  typename E::space;
  { e.shape() } -> std::same_as<coord<E::rank>>;
  { E::heavy_nodes } -> std::convertible_to<int>;  // ops in the tree that read neighbourhoods or whole axes
};
template <class A>
using bare = std::remove_cvref_t<A>;
/// What ops take: an expression, by value or by name.
template <class A>
concept operand = expression<bare<A>>;
/// Needs at most one element of each tensor for one of its own: copyable, free to repeat.
template <class E>
concept pointwise = expression<E> && E::heavy_nodes == 0;
/// conv2d and the like: the node itself reads neighbourhoods, and runs once.
template <class E>
concept heavy = expression<E> && requires { typename E::runs_once; };

template <class E>
using value_t = typename bare<E>::value_type;
template <class E>
using space_t = typename bare<E>::space;
template <class A, class B>
concept same_space = std::is_same_v<space_t<A>, space_t<B>>;
template <class A, class B>
concept same_rank = (bare<A>::rank == bare<B>::rank);
/// Operands of different element types are refused: cast<T>(x) one of them.
template <class A, class B>
concept same_element = std::is_same_v<value_t<A>, value_t<B>>;
/// Elements that are not integers, for ops whose result would not be one: cast<float>(x) an integer tensor first.
template <class A>
concept real_valued = operand<A> && !std::is_integral_v<value_t<A>>;
template <class A, int R>
concept has_rank = operand<A> && (bare<A>::rank == R);

/// Every op takes its operands through here: tensors are copied (a handle
/// is cheap), temporaries moved, a named heavy result refused in words.
template <class A>
constexpr bare<A> take(A&& a) {
  constexpr bool named_heavy_result = std::is_lvalue_reference_v<A> && (bare<A>::heavy_nodes > 0);
  static_assert(!named_heavy_result,
                "this name stands for a conv2d or other heavy op that has not run and would run at every use: "
                "write  auto y = eval(...)  and use y");
  if constexpr (named_heavy_result)
    return std::move(const_cast<bare<A>&>(a));  // so that the compiler says it once
  else
    return std::forward<A>(a);
}

/// Heavy nodes derive from it, for they run where they are used, and so are used once: what a compiler prints when one is copied is this
/// name and the line that deletes the copy.
struct used_twice_name_its_value_with_eval {
  used_twice_name_its_value_with_eval() = default;
  used_twice_name_its_value_with_eval(used_twice_name_its_value_with_eval&&) = default;
  used_twice_name_its_value_with_eval& operator=(used_twice_name_its_value_with_eval&&) = default;
  used_twice_name_its_value_with_eval(used_twice_name_its_value_with_eval const&) = delete;  // instead: auto y = eval(conv2d(...))
  ~used_twice_name_its_value_with_eval() = default;
};

/// The trivially copyable form of a tree: tensors become views, the rest is unchanged.
template <pointwise E>
auto reader(E const& e) {
  if constexpr (requires { e.read(); })
    return e.read();
  else
    return e.map([](auto const& a) { return reader(a); });
}
template <class E>
using reader_t = decltype(reader(std::declval<E const&>()));

// ---- nodes ---------------------------------------------------------------------------------------------------------------------------

/// One value everywhere.
template <class T, int R, class S>
struct constant {
  using value_type = T;
  using space = S;
  static constexpr int rank = R, heavy_nodes = 0;
  static constexpr bool has_last = false, packs = packable<T>;
  T value;
  coord<R> extent;
  edvr::coord<R> shape() const { return extent; }
  bool unit(int) const { return true; }
  constant read() const { return *this; }
  void expand_to(coord<R> const& s) { extent = s; }
  template <int To>
  constant<T, To, S> promoted() const {
    return {value, promote<To>(extent)};
  }
  template <class... V>
  EDVR_HD T operator()(coord<R> const&, V const&...) const {
    return value;
  }
  template <int W, int Axis, class... V>
  EDVR_HD pack<T, W> operator()(lanes<W, R, Axis> const&, V const&...) const {
    pack<T, W> p;
    EDVR_LANES
    for (int i = 0; i < W; ++i) p.lane[i] = value;
    return p;
  }
};

namespace detail {
template <class E>
inline constexpr int heavy_nodes_of = [] {
  if constexpr (requires { E::heavy_nodes; })
    return E::heavy_nodes;
  else
    return 0;
}();
template <class E>
inline constexpr bool has_last_of = [] {
  if constexpr (requires { E::has_last; })
    return E::has_last;
  else
    return false;
}();
template <class E>
inline constexpr bool packs_of = [] {
  if constexpr (requires { E::packs; })
    return E::packs;
  else
    return false;
}();

template <class E>
concept concat_of_two = requires(E const& e) { e.split_axis; };
template <class E>
concept index_map = requires { typename E::index_map; };
/// An index map of a tree that ends in a heavy node, each of whose results has one place: the node stores through it.
template <class E>
concept stored_through = index_map<E> && requires(E const& e) { e.m.through; } && bare<decltype(std::declval<E const&>().a)>::has_last;
}  // namespace detail

/// f(a), element by element.
template <class F, class A>
struct unary {
  using value_type = bare<std::invoke_result_t<F const&, value_t<A>>>;
  using space = space_t<A>;
  static constexpr int rank = A::rank, heavy_nodes = detail::heavy_nodes_of<A>;
  static constexpr bool has_last = detail::has_last_of<A>, packs = detail::packs_of<A> && packable<value_type>;
  F f;
  A a;
  coord<rank> shape() const { return a.shape(); }
  bool unit(int axis) const { return a.unit(axis); }
  void expand_to(coord<rank> const& s) { a.expand_to(s); }
  template <class At, class... V>
  EDVR_HD auto operator()(At const& at, V const&... v) const {
    return edvr::apply(f, a(at, v...));
  }
  template <class G>
  auto map(G const& g) const {
    return unary<F, decltype(g(a))>{f, g(a)};
  }
  template <class G, class H>
  auto map_last(G const& last, H const&) const {
    return map(last);
  }
  template <class G>
  void operands(G const& g) const {
    g(a);
  }
  auto const& toward_last() const { return a; }
};
template <class F, class A>
unary(F, A) -> unary<F, A>;

/// f(a, b), element by element, of one shape.
template <class F, class A, class B>
struct binary {
  using value_type = bare<std::invoke_result_t<F const&, value_t<A>, value_t<B>>>;
  using space = space_t<A>;
  static constexpr int rank = A::rank, heavy_nodes = detail::heavy_nodes_of<A> + detail::heavy_nodes_of<B>;
  static constexpr bool has_last = detail::has_last_of<A> || detail::has_last_of<B>;
  static constexpr bool packs = detail::packs_of<A> && detail::packs_of<B> && packable<value_type>;
  F f;
  A a;
  B b;
  coord<rank> shape() const { return a.shape(); }
  bool unit(int axis) const { return a.unit(axis) && b.unit(axis); }
  void expand_to(coord<rank> const& s) { a.expand_to(s), b.expand_to(s); }
  template <class At, class... V>
  EDVR_HD auto operator()(At const& at, V const&... v) const {
    return edvr::apply(f, a(at, v...), b(at, v...));
  }
  template <class G, class H>
  auto map(G const& g, H const& h) const {
    return binary<F, decltype(g(a)), decltype(h(b))>{f, g(a), h(b)};
  }
  template <class G>
  auto map(G const& g) const {
    return map(g, g);
  }
  template <class G, class H>
  auto map_last(G const& last, H const& first) const {  // the heavy node written last stores
    if constexpr (detail::has_last_of<B>)
      return map(first, last);
    else
      return map(last, first);
  }
  template <class G>
  void operands(G const& g) const {
    g(a), g(b);
  }
  auto const& toward_last() const {
    if constexpr (detail::has_last_of<B>)
      return b;
    else
      return a;
  }
};
template <class F, class A, class B>
binary(F, A, B) -> binary<F, A, B>;

/// f(a, b, c), element by element, of one shape: where().
template <class F, class A, class B, class C>
struct ternary {
  using value_type = bare<std::invoke_result_t<F const&, value_t<A>, value_t<B>, value_t<C>>>;
  using space = space_t<A>;
  static constexpr int rank = A::rank, heavy_nodes = detail::heavy_nodes_of<A> + detail::heavy_nodes_of<B> + detail::heavy_nodes_of<C>;
  static constexpr bool has_last = detail::has_last_of<A> || detail::has_last_of<B> || detail::has_last_of<C>;
  static constexpr bool packs = detail::packs_of<A> && detail::packs_of<B> && detail::packs_of<C> && packable<value_type>;
  F f;
  A a;
  B b;
  C c;
  coord<rank> shape() const { return a.shape(); }
  bool unit(int axis) const { return a.unit(axis) && b.unit(axis) && c.unit(axis); }
  void expand_to(coord<rank> const& s) { a.expand_to(s), b.expand_to(s), c.expand_to(s); }
  template <class At, class... V>
  EDVR_HD auto operator()(At const& at, V const&... v) const {
    return edvr::apply(f, a(at, v...), b(at, v...), c(at, v...));
  }
  template <class G, class H, class K>
  auto map(G const& g, H const& h, K const& k) const {
    return ternary<F, decltype(g(a)), decltype(h(b)), decltype(k(c))>{f, g(a), h(b), k(c)};
  }
  template <class G>
  auto map(G const& g) const {
    return map(g, g, g);
  }
  template <class G, class H>
  auto map_last(G const& last, H const& first) const {
    if constexpr (detail::has_last_of<C>)
      return map(first, first, last);
    else if constexpr (detail::has_last_of<B>)
      return map(first, last, first);
    else
      return map(last, first, first);
  }
  template <class G>
  void operands(G const& g) const {
    g(a), g(b), g(c);
  }
  auto const& toward_last() const {
    if constexpr (detail::has_last_of<C>)
      return c;
    else if constexpr (detail::has_last_of<B>)
      return b;
    else
      return a;
  }
};
template <class F, class A, class B, class C>
ternary(F, A, B, C) -> ternary<F, A, B, C>;

// ---- how operands are brought to one shape -------------------------------------------------------------------------------------------

namespace detail {
/// e with axes of extent 1 in front, so that operands of different rank align as in NumPy.
template <int To, class E>
auto promoted(E e) {
  if constexpr (E::rank == To) {
    return e;
  } else {
    static_assert(
        E::heavy_nodes == 0 && !requires { typename E::index_map; },
        "a heavy op or an index map of lower rank cannot be broadcast: write eval(...) around it first");
    if constexpr (requires { e.template promoted<To>(); })
      return e.template promoted<To>();
    else
      return e.map([](auto const& a) { return promoted<To>(a); });
  }
}
/// expand_to of an op that cannot repeat its results: throws shape_error unless they have the shape s already.
template <int R>
void refuse_repeat(std::string_view op, coord<R> const& shape, coord<R> const& s) {
  if (!(s == shape)) throw shape_error(text(op, ": result ", shape, " would be repeated to ", s, "; write eval(", op, "(...))"));
}
}  // namespace detail

/// f(a, b) after NumPy broadcasting. `who` is named in the shape_error.
template <class F, expression A, expression B>
auto elementwise(char const* who, F f, A a, B b) {
  constexpr int R = A::rank > B::rank ? A::rank : B::rank;
  auto const s = broadcast(who, promote<R>(a.shape()), promote<R>(b.shape()));
  auto x = detail::promoted<R>(std::move(a));
  auto y = detail::promoted<R>(std::move(b));
  x.expand_to(s), y.expand_to(s);
  return binary{std::move(f), std::move(x), std::move(y)};
}
/// An expression with the same element everywhere in e's shape.
template <class T, expression E>
auto constant_like(T value, E const& e) {
  return constant<T, E::rank, space_t<E>>{value, e.shape()};
}

/// f(a, s), and f(s, a), with the number s beside every element of a.
template <class F, operand A>
auto with_number(F f, A&& a, value_t<A> s) {
  auto c = constant_like(s, a);
  return binary{std::move(f), take(std::forward<A>(a)), c};
}
template <class F, operand A>
auto number_with(F f, value_t<A> s, A&& a) {
  auto c = constant_like(s, a);
  return binary{std::move(f), c, take(std::forward<A>(a))};
}

/// f applied to every element: how a user adds a pointwise function. f
/// is any functor of one value; its result type is the new element type.
template <class F, operand A>
auto apply_each(F f, A&& a) {
  static_assert(std::is_trivially_copyable_v<F>,
                "a functor is copied as bytes to where it runs: hold a pointer or a view, not a container");
  return unary{std::move(f), take(std::forward<A>(a))};
}

}  // namespace edvr::v1
