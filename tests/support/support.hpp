// SPDX-License-Identifier: Apache-2.0
// What tests share: the one tolerance, messages of exceptions, inputs that are not contiguous.
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "edvr/edvr.hpp"
#include "edvr/testing/compare.hpp"
#include "proves.hpp"

/// Rounding of a sum of `terms` products of numbers of order 1, with head room. Every tolerance of the tests comes from here.
template <class T>
double tolerance(edvr::index_t terms) {
  if (terms == 0) return 0;  // the same bits
  return 8 * static_cast<double>(std::numeric_limits<T>::epsilon()) * std::sqrt(static_cast<double>(terms) + 1) * 4;
}

/// a and b agree within the rounding of `terms` terms; the message says where they do not. NaN agrees with NaN.
#define CHECK_CLOSE(A, B, TERMS)                                                                             \
  do {                                                                                                       \
    auto const report_ = edvr::testing::compare(A, B, tolerance<std::decay_t<decltype(*(A).data())>>(TERMS), \
                                                tolerance<std::decay_t<decltype(*(A).data())>>(TERMS));      \
    CHECK_MESSAGE(report_.within, report_.summary());                                                        \
  } while (0)

/// Tests that count the same tensors or bits as in a plain build, only many times slower, are skipped under sanitizers.
inline constexpr bool sanitized = EDVR_SANITIZED;

/// The copies of the kernels that this processor runs; those it lacks are named once.
inline std::vector<edvr::instruction_set> supported_instruction_sets() {
  static auto const all = [] {
    std::vector<edvr::instruction_set> found;
    for (auto s : edvr::instruction_sets)
      if (edvr::is_supported(s))
        found.push_back(s);
      else
        MESSAGE("skipped, because this processor lacks it: ", std::string(edvr::name(s)));
    return found;
  }();
  return all;
}

/// The message with which f throws E; fails the test if it throws nothing or something else.
template <class E, class F>
std::string message_of(F const& f) {
  try {
    f();
  } catch (E const& e) {
    return e.what();
  } catch (std::exception const& e) {
    FAIL_CHECK("another exception: " << e.what());
    return e.what();
  }
  FAIL_CHECK("nothing was thrown");
  return {};
}
inline bool contains(std::string const& s, std::string const& part) { return s.find(part) != std::string::npos; }
#define CHECK_THROWS_SAYING(E, PART, ...)                                                 \
  do {                                                                                    \
    std::string const said_ = message_of<E>([&] { __VA_ARGS__; });                        \
    CHECK_MESSAGE(contains(said_, PART), "\"" << said_ << "\" lacks \"" << PART << "\""); \
  } while (0)

/// The same elements, but every axis has gaps: no kernel may assume a packed layout.
template <class T, int R>
edvr::tensor<T, R> with_gaps(edvr::tensor<T, R> const& x) {
  auto s = x.shape();
  for (int i = 0; i < R; ++i) s[i] = 2 * s[i] + 1;
  auto wide = edvr::full<T>(s, T(std::numeric_limits<edvr::arithmetic_t<T>>::quiet_NaN()));  // whoever reads a gap shows it
  for (int i = 0; i < R; ++i) wide = edvr::slice(wide, i, 1, 1 + 2 * x.extent(i), 2);
  edvr::assign(wide, x);
  return wide;
}
