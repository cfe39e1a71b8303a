// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace program {

/// Names from files may hold anything: what is not printable becomes ?, so that a message stays one line and a terminal stays sane.
inline std::string printable(std::string s) {
  for (auto& c : s)
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = '?';
  return s;
}

}  // namespace program
