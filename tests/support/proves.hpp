// SPDX-License-Identifier: Apache-2.0
// What passing tests show about ops: proves<T>({"conv2d", ...}) inside a test case. docs/support.md is made of it (support.py).
#pragma once
#include <doctest/doctest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <set>
#include <string>

#include "edvr/core/dtype.hpp"
#include "edvr/core/storage.hpp"

namespace proofs {
inline std::set<std::string> of_this_case, shown;

/// Name of an element type as a column of docs/support.md; anything unknown is a scalar that a test brings itself.
template <class T>
std::string element() {
  using namespace edvr;
  if constexpr (std::is_same_v<T, float>)
    return "float32";
  else if constexpr (std::is_same_v<T, double>)
    return "float64";
  else if constexpr (std::is_same_v<T, long double>)
    return "long double";
  else if constexpr (std::is_same_v<T, float16>)
    return "float16";
  else if constexpr (std::is_same_v<T, bfloat16>)
    return "bfloat16";
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return "int64";
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return "int32";
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return "uint8";
  else if constexpr (std::is_same_v<T, bool>)
    return "bool";
  else {
    static_assert(!std::is_arithmetic_v<T>, "an element type without a column in docs/support.md");
    return "own scalar";
  }
}

/// Keeps what a case proved if it passed, and writes it all to the file that EDVR_PROOFS names: op, tab, element type, tab, space.
struct listener : doctest::IReporter {
  explicit listener(doctest::ContextOptions const&) {}
  void report_query(doctest::QueryData const&) override {}
  void test_run_start() override {  // what an earlier program proved is not this one's
    if (char const* const path = std::getenv("EDVR_PROOFS")) std::remove(path);
  }
  void test_run_end(doctest::TestRunStats const&) override {
    if (char const* const path = std::getenv("EDVR_PROOFS")) {
      std::ofstream out(path);
      for (auto const& line : shown) out << line << '\n';
    }
  }
  void test_case_start(doctest::TestCaseData const&) override { of_this_case.clear(); }
  void test_case_reenter(doctest::TestCaseData const&) override {}
  void test_case_end(doctest::CurrentTestCaseStats const& stats) override {
    if (stats.testCaseSuccess) shown.insert(of_this_case.begin(), of_this_case.end());
  }
  void test_case_exception(doctest::TestCaseException const&) override {}
  void subcase_start(doctest::SubcaseSignature const&) override {}
  void subcase_end() override {}
  void log_assert(doctest::AssertData const&) override {}
  void log_message(doctest::MessageData const&) override {}
  void test_case_skipped(doctest::TestCaseData const&) override {}
};
}  // namespace proofs

/// If this test case passes, these ops work on elements T in space S.
template <class T, class S = edvr::cpu>
void proves(std::initializer_list<char const*> ops) {
  for (char const* op : ops)
    proofs::of_this_case.insert(std::string(op) + '\t' + proofs::element<T>() + '\t' + (std::is_same_v<S, edvr::cpu> ? "cpu" : "gpu"));
}
