// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "edvr/io/image.hpp"
#include "edvr/io/y4m.hpp"
#include "frames.hpp"
#include "targets.hpp"

using namespace edvr;

namespace {
/// Whether a picture claims so many pixels that decoding it takes seconds under
/// sanitizers; that such a one is decoded or refused is tests/io's to show.
bool large(fuzz::bytes b) {
  constexpr std::size_t most_pixels = std::size_t{1} << 20;
  bool yes = false;
  fuzz::answered(
      [&] { yes = (b[0] == std::byte{0x89} ? edvr::detail::check_png("f", b, true) : edvr::detail::check_jpeg("f", b)) > most_pixels; });
  return yes;
}
/// A PNG whose chunks have the checksums that they ought to have: what lies behind those is to be reached too.
std::vector<std::byte> with_checksums(fuzz::bytes b) {
  std::vector<std::byte> c(b.begin(), b.end());
  for (std::size_t at = 8; at + 12 <= c.size();) {
    std::size_t const length = edvr::detail::big_endian(c.data() + at, 4);
    if (length > c.size() - at - 12) break;
    auto const sum = edvr::detail::crc32(std::span(c).subspan(at + 4, 4 + length));
    for (std::size_t i = 0; i < 4; ++i) c[at + 8 + length + i] = static_cast<std::byte>(sum >> (24 - 8 * i) & 255);
    at += 12 + length;
  }
  return c;
}
void picture(fuzz::bytes b) {
  using fuzz::answered;
  answered([&] {
    auto const x = decode_image("f", b);
    int sum = 0;
    for (index_t i = 0; i < x.extent(1); ++i)
      for (index_t j = 0; j < x.extent(2); ++j) sum += x(0, i, j) + x(1, i, j) + x(2, i, j);
    if (sum < 0) __builtin_trap();
  });
  answered([&] {
    auto const x = decode_image16("f", b);
    if (x.size() < 4096 &&
        !(decode_image16("g", encode_png("g", x))(2, x.extent(1) - 1, x.extent(2) - 1) == x(2, x.extent(1) - 1, x.extent(2) - 1)))
      __builtin_trap();  // what is written is read back
  });
}
}  // namespace

void fuzz::image(bytes b) {
  if (b.empty() || large(b)) return;
  picture(b);
  if (b[0] == std::byte{0x89}) picture(with_checksums(b));
}
void fuzz::y4m(bytes b) {
  std::size_t at = 0;
  answered([&] {
    y4m_reader in("f", [&](std::byte* to, std::size_t n) {
      n = std::min(n, b.size() - at);
      std::copy_n(b.data() + at, n, to);
      at += n;
      return n;
    });
    auto const line = y4m_header_line(in.header());
    (void)parse_y4m_header("g", std::string_view(line).substr(0, line.size() - 1));  // what is written is read back
    while (auto const planes = in.next())
      if (in.header().samples() < 10'000)
        (void)y4m_from_rgb(in.header(), y4m_to_rgb<float>(in.header(), *planes, color_matrix::bt709), color_matrix::bt601);
  });
}
void fuzz::patterns(bytes b) {
  answered([&] {
    auto const p = program::parse_pattern({reinterpret_cast<char const*>(b.data()), b.size()});
    if (p) (void)p->at(static_cast<index_t>(b.size()));
  });
}
