// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace program {

/// Names from files may hold anything: what is not printable becomes ?, so that a message stays one line and a terminal stays sane.
inline std::string printable(std::string s) {
  for (std::size_t i = 0; i < s.size(); ++i) {
    auto const c = static_cast<unsigned char>(s[i]);
    bool const second_half = c >= 0x80 && c < 0xa0 && i > 0 && s[i - 1] == '\xc2';  // of U+0080 to U+009F, control characters too
    if (second_half) s[i - 1] = '?';
    if (second_half || c < 32 || c == 127) s[i] = '?';
  }
  return s;
}

}  // namespace program
