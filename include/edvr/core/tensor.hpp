// SPDX-License-Identifier: Apache-2.0
// The strided handle on shared storage, and the factories that make one.
#pragma once
#include <algorithm>
#include <cassert>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

#include "edvr/core/dtype.hpp"
#include "edvr/core/storage.hpp"
#include "edvr/core/view.hpp"

namespace edvr::inline v1 {

/// A tensor: element type, rank and memory space are in the type, extents are not. Of float16 or bfloat16 it is an expression of float.
/// A copy shares the elements, as in PyTorch; clone() copies them. Constness is shallow, as in std::span.
template <class T, int R, class S = cpu>
class tensor {
 public:
  using element_type = T;              // what is stored
  using value_type = arithmetic_t<T>;  // what expressions read
  using space = S;
  static constexpr int rank = R, heavy_nodes = 0;
  static constexpr bool has_last = false;

  tensor() = default;
  /// A handle on elements that somebody owns already: element `at` is hold[start + at . strides].
  tensor(std::shared_ptr<T[]> hold, index_t start, coord<R> const& extents, coord<R> const& strides)
      : hold_(std::move(hold)), start_(start), extent_(extents), step_(strides) {}

  coord<R> shape() const { return extent_; }
  index_t extent(int axis) const { return extent_[axis]; }
  coord<R> strides() const { return step_; }
  index_t size() const { return volume(extent_); }
  bool empty() const { return size() == 0; }
  /// The element at position zero. Throws if the tensor was moved away or never made.
  T* data() const {
    if (!hold_) throw error("tensor holds nothing: it was moved away (was a conv2d(...) used twice through std::move?) or never made");
    return hold_.get() + start_;
  }
  std::shared_ptr<T[]> const& owner() const { return hold_; }
  index_t start() const { return start_; }
  explicit operator bool() const { return static_cast<bool>(hold_); }

  /// One element; assert()s that the position is inside. Host memory only.
  T& operator[](coord<R> const& at) const {
    static_assert(std::is_same_v<S, cpu>, "elements in device memory cannot be read one by one: auto const y = to<cpu>(x) first");
    for (int i = 0; i < R; ++i) assert(at[i] >= 0 && at[i] < extent_[i]);
    return writable()[at];
  }
  template <std::integral... Index>
    requires(sizeof...(Index) == R)
  T& operator()(Index... at) const {
    return (*this)[coord<R>{{static_cast<index_t>(at)...}}];
  }
  /// The element of a tensor with one element, whatever its rank. Throws shape_error if there are more, or none.
  T item() const {
    static_assert(std::is_same_v<S, cpu>, "elements in device memory cannot be read one by one: to<cpu>(x).item()");
    if (size() != 1) throw shape_error(text("item: tensor has shape ", extent_, "; expected exactly one element"));
    return *data();
  }

  /// Are the elements one row-major run?
  bool is_contiguous() const { return empty() || same_layout(row_major(extent_)); }
  /// Are the elements one run in the order n, h, w, c?
  bool is_channels_last() const
    requires(R == 4)
  {
    return !empty() && extent_[1] > 1 && same_layout(edvr::channels_last(extent_));
  }

  view<T, R, S> writable() const { return {data(), extent_, step_}; }
  view<T const, R, S> read() const { return {data(), extent_, step_}; }

  // Broadcasting: strides of zero where an extent of 1 is repeated.
  void expand_to(coord<R> const& s) {
    for (int i = 0; i < R; ++i)
      if (extent_[i] != s[i]) step_[i] = 0, extent_[i] = s[i];
  }
  template <int To>
  tensor<T, To, S> promoted() const {
    coord<To> step{};
    for (int i = 0; i < R; ++i) step[To - R + i] = step_[i];
    return {hold_, start_, promote<To>(extent_), step};
  }

 private:
  bool same_layout(coord<R> const& step) const {
    for (int i = 0; i < R; ++i)
      if (extent_[i] > 1 && step_[i] != step[i]) return false;
    return true;
  }

  std::shared_ptr<T[]> hold_;
  index_t start_ = 0;
  coord<R> extent_{}, step_{};
};

/// A tensor of uninitialised elements with these extents and strides; the strides must be a permutation of a packed layout.
template <class T, class S = cpu, int R>
tensor<T, R, S> empty(coord<R> const& extents, coord<R> const& strides) {
  index_t const n = checked_volume("empty", extents, sizeof(T));
  return {storage<S>::template allocate<T>(n), 0, extents, strides};
}
/// A row-major tensor of uninitialised elements. Throws shape_error for negative extents and more than 2^63 bytes.
template <class T, class S = cpu, int R>
tensor<T, R, S> empty(coord<R> const& extents) {
  checked_volume("empty", extents, sizeof(T));  // before strides are computed from it
  return empty<T, S>(extents, row_major(extents));
}
template <class T, class S = cpu, std::size_t N>
auto empty(index_t const (&extents)[N]) {
  return empty<T, S>(detail::coord_of(extents));
}

/// Every element `value`, row-major.
template <class T, class S = cpu, int R>
tensor<T, R, S> full(coord<R> const& extents, std::type_identity_t<T> value) {
  auto t = empty<T, S>(extents);
  storage<S>::fill(t.data(), t.size(), value);
  return t;
}
template <class T, class S = cpu, std::size_t N>
auto full(index_t const (&extents)[N], std::type_identity_t<T> value) {
  auto t = empty<T, S>(extents);
  storage<S>::fill(t.data(), t.size(), value);
  return t;
}
/// Every element 0 (or 1), row-major.
template <class T, class S = cpu, int R>
tensor<T, R, S> zeros(coord<R> const& extents) {
  return full<T, S>(extents, T(0));
}
template <class T, class S = cpu, std::size_t N>
auto zeros(index_t const (&extents)[N]) {
  return full<T, S>(extents, T(0));
}
template <class T, class S = cpu, int R>
tensor<T, R, S> ones(coord<R> const& extents) {
  return full<T, S>(extents, T(1));
}
template <class T, class S = cpu, std::size_t N>
auto ones(index_t const (&extents)[N]) {
  return full<T, S>(extents, T(1));
}

namespace detail {
/// What a T is counted in: double, if it is float or stored in 16 bits.
template <class T>
using wide_t = std::conditional_t<std::is_same_v<arithmetic_t<T>, float>, double, T>;
/// How many of start, start + step, ... are before end, or the largest index_t if they are more. Throws shape_error.
template <class W>
index_t steps_between(W start, W end, W step) {
  constexpr index_t most = std::numeric_limits<index_t>::max();
  if constexpr (std::is_integral_v<W>) {
    using u = std::uint64_t;
    if (step > 0 ? start <= end : step < 0 && start >= end) {
      u const way = step > 0 ? static_cast<u>(end) - static_cast<u>(start) : static_cast<u>(start) - static_cast<u>(end);
      u const by = step > 0 ? static_cast<u>(step) : u{0} - static_cast<u>(step);
      return static_cast<index_t>(std::min(way / by + (way % by != 0), static_cast<u>(most)));
    }
  } else {
    W const n = std::ceil((end - start) / step);
    if (step != 0 && n >= 0) return n < 0x1p63 ? static_cast<index_t>(n) : most;
  }
  throw shape_error(text("arange: from ", +start, " to ", +end, " by ", +step, "; expected a step towards the end"));
}
}  // namespace detail

/// 0, 1, ... n - 1, row-major. Throws shape_error for a negative n. Same as torch.arange(n).
template <class T>
tensor<T, 1> arange(index_t n) {
  auto t = empty<T>(coord<1>{{n}});
  for (index_t i = 0; i < n; ++i) t(i) = static_cast<T>(static_cast<detail::wide_t<T>>(i));
  return t;
}
/// start, start + step, ... before end, each rounded once from a product and a sum in double, if T is float or stored in 16 bits. Throws
/// shape_error for a step of 0, one that leads away from end, or more than 2^63 bytes. Same as torch.arange(start, end, step).
template <class T>
  requires std::is_arithmetic_v<arithmetic_t<T>>
tensor<T, 1> arange(detail::wide_t<T> start, detail::wide_t<T> end, detail::wide_t<T> step = 1) {
  using detail::wrapping;
  auto t = empty<T>(coord<1>{{detail::steps_between(start, end, step)}});
  for (index_t i = 0; i < t.size(); ++i)
    t(i) = static_cast<T>(wrapping(start) + wrapping(static_cast<detail::wide_t<T>>(i)) * wrapping(step));
  return t;
}

namespace detail {
template <class T, int R>
tensor<T, R> copy_of(T const* data, index_t n, coord<R> const& extents) {
  if (n != checked_volume("from", extents, sizeof(T)))
    throw shape_error(text("from: ", n, " elements given; expected ", volume(extents), ", because the shape is ", extents));
  auto t = empty<T>(extents);
  std::copy_n(data, n, t.data());
  return t;
}
}  // namespace detail
/// A copy of row-major elements: from({1.f, 2.f, 3.f, 4.f}, {2, 2}). Throws shape_error if the counts differ.
template <class T, std::size_t N>
auto from(std::initializer_list<T> elements, index_t const (&extents)[N]) {
  return detail::copy_of(elements.begin(), static_cast<index_t>(elements.size()), detail::coord_of(extents));
}
/// The same from any contiguous range (std::vector, std::span, std::array).
template <class Range, int R>
  requires requires(Range const& r) { std::data(r), std::size(r); }
auto from(Range const& elements, coord<R> const& extents) {
  return detail::copy_of(std::data(elements), static_cast<index_t>(std::size(elements)), extents);
}
template <class Range, std::size_t N>
  requires requires(Range const& r) { std::data(r), std::size(r); }
auto from(Range const& elements, index_t const (&extents)[N]) {
  return from(elements, detail::coord_of(extents));
}

/// A tensor over memory that the caller owns and keeps alive: nothing is copied, nothing freed. Strides are counted in elements, row-major
/// if not given. Throws shape_error for a negative extent, or no memory for some elements.
template <class T, int R>
tensor<T, R> borrow(T* data, coord<R> const& extents, coord<R> const& strides) {
  index_t const n = checked_volume("borrow", extents, sizeof(T));
  if (!data && n > 0) throw shape_error(text("borrow: null pointer for shape ", extents, "; only a tensor without elements may have none"));
  if (!data) return empty<T>(extents);
  return {std::shared_ptr<T[]>(std::shared_ptr<void>(), data), 0, extents, strides};
}
template <class T, int R>
tensor<T, R> borrow(T* data, coord<R> const& extents) {
  checked_volume("borrow", extents, sizeof(T));
  return borrow(data, extents, row_major(extents));
}
template <class T, std::size_t N>
auto borrow(T* data, index_t const (&extents)[N]) {
  return borrow(data, detail::coord_of(extents));
}

}  // namespace edvr::v1
