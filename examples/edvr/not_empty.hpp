// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace program {

/// For options that take a path: an unset shell variable must mean neither "the default" nor a file without a name.
inline CLI::Validator const not_empty([](std::string& s) { return s.empty() ? std::string("is empty") : std::string(); }, "");

}  // namespace program
