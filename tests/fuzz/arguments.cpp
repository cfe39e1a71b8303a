// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include "restore_options.hpp"
#include "targets.hpp"

/// A command line is refused as CLI11 refuses one, or what it asks for is what restore can do.
void fuzz::arguments(bytes b) {
  std::vector<std::string> words(1);
  for (std::byte const c : b)
    if (c == std::byte{'\n'})
      words.emplace_back();
    else
      words.back().push_back(static_cast<char>(c));
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  program::restore_options o;
  CLI::App app;
  program::add_restore_options(app, o);
  try {
    app.parse(std::move(words));
    program::settle(app, o);
    auto const range = program::parse_range(o.range, {});
    bool const possible = !o.input.empty() && range.first >= 0 && (!range.last || *range.last > range.first) && o.loaders >= 1 &&
                          o.loaders <= 64 && o.savers >= 1 && o.savers <= 64 && o.clip.threads >= 0 && o.clip.threads <= 1024 &&
                          (o.scene_cut == 0 || (o.scene_cut >= 0.001 && o.scene_cut <= 1)) && o.tile >= 0 && o.tile <= 16384 &&
                          o.scale >= 0 && o.scale <= 4 && (o.bits == 0 || (o.bits >= 8 && o.bits <= 16)) && o.max_memory >= 0 &&
                          o.max_memory <= 1 << 24 &&
                          (o.device == "cpu" || (program::device_number(o.device) >= 0 && program::device_number(o.device) < 1000));
    if (!possible) __builtin_trap();
  } catch (CLI::ParseError const&) {
  }
}
