// SPDX-License-Identifier: Apache-2.0
// Exceptions, and the one way their messages are put together.
#pragma once
#include <concepts>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

#include "edvr/config.hpp"

namespace edvr::inline v1 {

/// Base of everything the library throws but std::bad_alloc. Shapes and aliasing are checked before any output is touched.
struct error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// Extents that do not fit together, or that are not allowed.
struct shape_error : error {
  using error::error;
};
/// An element type that an operation does not take.
struct type_error : error {
  using error::error;
};
/// assign() would read elements that it has already overwritten, or write one element twice.
struct alias_error : error {
  using error::error;
};
/// A file that cannot be read or written, or is not what it claims to be.
struct io_error : error {
  using error::error;
};
/// Weights that do not make a network.
struct model_error : error {
  using error::error;
};
/// NaN or infinity where finite numbers are needed.
struct numeric_error : error {
  using error::error;
};
/// A GPU that is not there, has no memory left, or failed: carries the name and the message of the call that said so.
struct device_error : error {
  using error::error;
};
/// Work that the caller's own callback stopped.
struct cancelled : error {
  using error::error;
};

// How each type reads in a message. Types of the library add overloads beside themselves, found by argument-dependent lookup.
inline void append_text(std::string& to, std::string_view part) { to += part; }
inline void append_text(std::string& to, char part) { to += part; }
inline void append_text(std::string& to, std::same_as<bool> auto part) { to += part ? "true" : "false"; }
inline void append_text(std::string& to, std::integral auto part) { to += std::to_string(part); }
inline void append_text(std::string& to, std::floating_point auto part) {
  char digits[40];
  std::snprintf(digits, sizeof digits, "%.6g", static_cast<double>(part));
  to += digits;
}

/// All arguments, one after the other, as text. (std::format is not in every compiler we support.)
template <class... A>
std::string text(A const&... parts) {
  std::string s;
  (append_text(s, parts), ...);
  return s;
}

}  // namespace edvr::v1
