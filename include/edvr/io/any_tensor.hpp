// SPDX-License-Identifier: Apache-2.0
// What a file holds: tensors whose rank and element type are known at run time only.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "edvr/core/dtype.hpp"
#include "edvr/core/tensor.hpp"
#include "edvr/io/file.hpp"

namespace edvr::inline v1 {

/// A strided view of a file's bytes. Nothing is copied until to() makes a tensor, so many views of one storage cost nothing.
class any_tensor {
 public:
  any_tensor() = default;
  /// Throws io_error, beginning with `who`, unless every element lies in bytes[begin, end) and the whole is no larger than the file:
  /// a tensor that repeats its elements (stride 0) must not make a small file a large allocation.
  any_tensor(std::string const& who, file_bytes bytes, std::size_t begin, std::size_t end, dtype type, std::vector<index_t> shape,
             index_t offset, std::vector<index_t> strides)
      : bytes_(std::move(bytes)),
        begin_(begin),
        type_(type),
        shape_(std::move(shape)),
        strides_(std::move(strides)),
        offset_(offset),
        size_(0) {
    constexpr std::size_t most_axes = 64;
    if (shape_.size() > most_axes || strides_.size() != shape_.size())
      throw io_error(text(who, ": has ", shape_.size(), " axes and ", strides_.size(),
                          " strides; expected as many strides as axes, at most ", most_axes));
    auto const room = static_cast<index_t>((end - begin) / static_cast<std::size_t>(size_of(type)));
    auto const file_elements = static_cast<index_t>(bytes_->size() / static_cast<std::size_t>(size_of(type)));
    bool empty = false;
    for (auto n : shape_) {
      if (n < 0) throw io_error(text(who, ": has a negative extent ", n));
      empty = empty || n == 0;
    }
    if (empty) return;
    size_ = 1;
    index_t last = offset;
    for (std::size_t i = 0; i < shape_.size(); ++i) {
      if (strides_[i] < 0) throw io_error(text(who, ": has a negative stride ", strides_[i]));
      if (shape_[i] > (file_elements > 0 ? file_elements : 1) / size_)
        throw io_error(text(who, ": shape ", describe(), " is larger than the file"));
      size_ *= shape_[i];
      if (shape_[i] > 1 && strides_[i] > room / (shape_[i] - 1))
        throw io_error(text(who, ": shape ", describe(), " reaches past the end of its storage"));
      if (shape_[i] == 1) strides_[i] = 0;  // never used, may hold anything
      last += (shape_[i] - 1) * strides_[i];
      if (last >= room) break;
    }
    if (offset < 0 || offset >= room || last >= room)
      throw io_error(
          text(who, ": shape ", describe(), " at offset ", offset, " reaches past the end of its storage of ", room, " elements"));
  }
  /// A packed copy of a tensor in memory.
  template <class T, int R>
  explicit any_tensor(tensor<T, R> const& x) : shape_(), strides_() {
    std::vector<std::byte> bytes(static_cast<std::size_t>(x.size()) * sizeof(T));
    coord<R> at{};
    for (std::size_t i = 0; i < bytes.size(); i += sizeof(T), advance(at, x.shape())) std::memcpy(bytes.data() + i, &x[at], sizeof(T));
    bytes_ = std::make_shared<std::vector<std::byte> const>(std::move(bytes));
    type_ = dtype_of<T>();
    size_ = x.size();
    auto const step = row_major(x.shape());
    for (int i = 0; i < R; ++i) shape_.push_back(x.extent(i)), strides_.push_back(step[i]);
  }

  dtype type() const { return type_; }
  std::vector<index_t> const& shape() const { return shape_; }
  index_t size() const { return size_; }
  /// "float32 (64, 64, 3, 3)"
  std::string describe() const {
    std::string s = text(type_, " (");
    for (std::size_t i = 0; i < shape_.size(); ++i) s += (i ? ", " : "") + std::to_string(shape_[i]);
    return s + ")";
  }

  /// Every element in row-major order: f(double or int64).
  template <class F>
  void for_each(F const& f) const {
    std::vector<index_t> at(shape_.size());
    for (index_t n = 0, where = offset_; n < size_; ++n) {
      visit_element(begin_ + static_cast<std::size_t>(where * size_of(type_)), f);
      for (std::size_t i = shape_.size(); i-- > 0;) {
        where += strides_[i];
        if (++at[i] < shape_[i]) break;
        where -= at[i] * strides_[i];
        at[i] = 0;
      }
    }
  }
  /// A row-major tensor in memory, elements converted. Throws type_error unless the rank is R, and for floating-point numbers that
  /// integers of type T do not hold (fractions are cut off); integers wrap.
  template <class T, int R>
  tensor<T, R> to() const {
    if (static_cast<int>(shape_.size()) != R) throw type_error(text("tensor is ", describe(), "; expected rank ", R));
    coord<R> s{};
    for (int i = 0; i < R; ++i) s[i] = shape_[static_cast<std::size_t>(i)];
    auto y = empty<T>(s);
    T* out = y.data();
    for_each([&](auto v) {
      if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_integral_v<decltype(v)>) {
        double const whole = std::trunc(static_cast<double>(v)), beyond = std::ldexp(1.0, std::numeric_limits<T>::digits);
        if (!(whole >= (std::is_signed_v<T> ? -beyond : 0.0) && whole < beyond))
          throw type_error(text("tensor is ", describe(), " and holds ", static_cast<double>(v), "; expected numbers that ",
                                std::is_signed_v<T> ? "" : "unsigned ", "integers of ", 8 * sizeof(T), " bits hold"));
      }
      *out++ = static_cast<T>(v);
    });
    return y;
  }
  template <class T>
  static constexpr dtype dtype_of() {
    if constexpr (std::is_same_v<T, double>)
      return dtype::float64;
    else if constexpr (std::is_same_v<T, float>)
      return dtype::float32;
    else if constexpr (std::is_same_v<T, float16>)
      return dtype::float16;
    else if constexpr (std::is_same_v<T, bfloat16>)
      return dtype::bfloat16;
    else if constexpr (std::is_same_v<T, bool>)
      return dtype::boolean;
    else if constexpr (std::is_same_v<T, std::int64_t>)
      return dtype::int64;
    else if constexpr (std::is_same_v<T, std::int32_t>)
      return dtype::int32;
    else if constexpr (std::is_same_v<T, std::int16_t>)
      return dtype::int16;
    else if constexpr (std::is_same_v<T, std::int8_t>)
      return dtype::int8;
    else if constexpr (std::is_same_v<T, std::uint8_t>)
      return dtype::uint8;
    else
      static_assert(sizeof(T) == 0, "no file format of ours holds this element type");
  }
  /// Row-major bytes, as safetensors stores them.
  std::vector<std::byte> packed_bytes() const {
    auto const each = static_cast<std::size_t>(size_of(type_));
    std::vector<std::byte> out(static_cast<std::size_t>(size_) * each);
    std::size_t to = 0;
    std::vector<index_t> at(shape_.size());
    for (index_t n = 0, where = offset_; n < size_; ++n, to += each) {
      std::memcpy(out.data() + to, bytes_->data() + begin_ + static_cast<std::size_t>(where) * each, each);
      for (std::size_t i = shape_.size(); i-- > 0;) {
        where += strides_[i];
        if (++at[i] < shape_[i]) break;
        where -= at[i] * strides_[i];
        at[i] = 0;
      }
    }
    return out;
  }

 private:
  template <class U>
  U load(std::size_t at) const {
    U u;
    std::memcpy(&u, bytes_->data() + at, sizeof u);
    return u;
  }
  template <class F>
  void visit_element(std::size_t at, F const& f) const {
    switch (type_) {
      case dtype::float64: return f(load<double>(at));
      case dtype::float32: return f(static_cast<double>(load<float>(at)));
      case dtype::float16: return f(static_cast<double>(from_float16(load<std::uint16_t>(at))));
      case dtype::bfloat16: return f(static_cast<double>(from_bfloat16(load<std::uint16_t>(at))));
      case dtype::int64: return f(load<std::int64_t>(at));
      case dtype::int32: return f(static_cast<std::int64_t>(load<std::int32_t>(at)));
      case dtype::int16: return f(static_cast<std::int64_t>(load<std::int16_t>(at)));
      case dtype::int8: return f(static_cast<std::int64_t>(load<std::int8_t>(at)));
      case dtype::uint8: return f(static_cast<std::int64_t>(load<std::uint8_t>(at)));
      case dtype::boolean: return f(static_cast<std::int64_t>(load<std::uint8_t>(at) != 0));
    }
  }

  file_bytes bytes_ = std::make_shared<std::vector<std::byte> const>();
  std::size_t begin_ = 0;
  dtype type_ = dtype::float32;
  std::vector<index_t> shape_{0}, strides_{1};
  index_t offset_ = 0, size_ = 0;
};

/// Named tensors of one file, in order of name.
using tensor_map = std::map<std::string, any_tensor>;

/// A tensor file and what it says about itself.
struct tensor_file {
  tensor_map tensors;
  std::map<std::string, std::string> metadata;
};

}  // namespace edvr::v1
