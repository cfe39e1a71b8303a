// SPDX-License-Identifier: Apache-2.0
// One function a command: it adds its options to the program and says what to run if it is chosen.
#pragma once
#include <CLI/CLI.hpp>
#include <functional>

namespace program {

/// Returns the exit code: 0 done, 1 compared and different. Everything else is thrown.
using action = std::function<int()>;

void add_restore(CLI::App& app, action& run);
void add_info(CLI::App& app, action& run);
void add_forward(CLI::App& app, action& run);
void add_verify(CLI::App& app, action& run);
void add_compare(CLI::App& app, action& run);
void add_evaluate(CLI::App& app, action& run);
void add_resize(CLI::App& app, action& run);
void add_sheet(CLI::App& app, action& run);
void add_convert(CLI::App& app, action& run);

}  // namespace program
