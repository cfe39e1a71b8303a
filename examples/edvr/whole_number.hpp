// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <charconv>
#include <string>
#include <system_error>

#include "edvr/core/error.hpp"

namespace program {

/// For options that take a whole number in decimal digits: CLI11 by itself takes 010 for 8 and 0x10 for 16.
inline CLI::Validator whole_number(int least, int most) {
  auto const normalise = [=](std::string& s) {
    int n = 0;
    auto const* const last = s.data() + s.size();
    auto const [end, failure] = std::from_chars(s.data(), last, n);
    if (failure != std::errc() || end != last || n < least || n > most)
      return edvr::text('"', s.substr(0, 40), "\"; expected a whole number from ", least, " to ", most);
    s = std::to_string(n);
    return std::string();
  };
  return {normalise, edvr::text("in [", least, " - ", most, "]")};
}

}  // namespace program
