// SPDX-License-Identifier: Apache-2.0
// Reading PNG, of 8 or 16 bits, and JPEG. The only header that includes stb; its other formats are compiled out, and what a file claims is
// checked before stb sees it. Writing PNG: png.hpp.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "edvr/core/tensor.hpp"
#include "edvr/io/file.hpp"
#include "edvr/io/png.hpp"

namespace edvr::inline v1::detail {
/// Largest block that the decoder may ask for while it reads this picture: a few times its pixels, so that a stream which unpacks to more
/// than its header says is refused.
inline thread_local std::size_t decoder_limit = 0;
inline thread_local bool decoder_starved = false;  // a request within the limit that the system refused: no fault of the file
inline void* decoder_memory(std::size_t n, void* p) {
  if (!p && n > 0) decoder_starved = true;
  return p;
}
/// Zeros: stb decodes by Huffman tables that a JPEG names and does not have, and by what it finds in their place it reads anywhere.
inline void* decoder_allocate(std::size_t n) { return n <= decoder_limit ? decoder_memory(n, std::calloc(n, 1)) : nullptr; }
inline void* decoder_reallocate(void* p, std::size_t n) { return n <= decoder_limit ? decoder_memory(n, std::realloc(p, n)) : nullptr; }
}  // namespace edvr::inline v1::detail

#ifdef STBI_INCLUDE_STB_IMAGE_H
#error "edvr/io/image.hpp: include it (or edvr/io.hpp) before stb_image.h: stb's switches, and its functions, are its own in this file"
#endif
#define STBI_MALLOC(n) edvr::detail::decoder_allocate(n)
#define STBI_REALLOC(p, n) edvr::detail::decoder_reallocate(p, n)
#define STBI_FREE(p) std::free(p)
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_MAX_DIMENSIONS 16384
#define STBI_ASSERT(x) static_cast<void>(0)  // an assertion about a hostile file would end the program
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#endif
#include <stb_image.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
// Whoever includes stb_image.h after this must not compile it a second time.
#undef STBI_MALLOC
#undef STBI_REALLOC
#undef STBI_FREE
#undef STB_IMAGE_STATIC
#undef STB_IMAGE_IMPLEMENTATION
#undef STBI_ONLY_PNG
#undef STBI_ONLY_JPEG
#undef STBI_NO_STDIO
#undef STBI_NO_LINEAR
#undef STBI_NO_HDR
#undef STBI_MAX_DIMENSIONS
#undef STBI_ASSERT

namespace edvr::inline v1 {

namespace detail {
inline std::uint32_t big_endian(std::byte const* p, int n) {
  std::uint32_t v = 0;
  for (int i = 0; i < n; ++i) v = v << 8 | static_cast<std::uint32_t>(p[i]);
  return v;
}
/// PNG: what the first chunk says, and whether the file is large enough to hold so many pixels.
inline std::size_t check_png(std::string const& who, std::span<std::byte const> b, bool may_be_deep) {
  if (b.size() < 33 || std::memcmp(b.data() + 12, "IHDR", 4) != 0) throw io_error(text(who, ": PNG is cut off or damaged: no IHDR"));
  std::uint64_t const w = big_endian(b.data() + 16, 4), h = big_endian(b.data() + 20, 4);
  int const depth = static_cast<int>(b[24]), colour = static_cast<int>(b[25]);
  check_picture_size(who, w, h);
  if (depth == 16 && !may_be_deep)
    throw io_error(text(who, ": PNG has 16 bits a channel; expected 8 (read_image16 and decode_image16 read both)"));
  if (colour == 4 || colour == 6) throw io_error(text(who, ": PNG has an alpha channel; expected RGB or gray: flatten it first"));
  int const channels = colour == 2 ? 3 : 1;
  std::uint64_t const raw = h * (1 + (w * static_cast<std::uint64_t>(channels * depth) + 7) / 8);
  constexpr std::uint64_t most_ratio = 1032;  // of deflate
  if (raw > most_ratio * b.size())
    throw io_error(text(who, ": PNG of ", w, " x ", h, " pixels in ", b.size(),
                        " bytes; no compression is that good, the file is cut off or made to deceive"));
  return static_cast<std::size_t>(w * h);
}
/// PNG: what stb does not look at, chunk by chunk up to IEND. Chunks that pixels depend on must have
/// their checksums. A palette is filled up with black to 256 colours in `copy`, because stb takes a
/// colour that is not there from memory which it never wrote. Returns the bytes to decode, b or copy.
inline std::span<std::byte const> check_png_chunks(std::string const& who, std::span<std::byte const> b, std::vector<std::byte>& copy) {
  constexpr std::size_t around = 12, whole_palette = 3 * 256;  // length, name and checksum; bytes
  auto const is = [&](std::size_t at, char const* name) { return std::memcmp(b.data() + at + 4, name, 4) == 0; };
  std::size_t palette = 0, colours = 0;
  for (std::size_t at = 8;;) {
    std::size_t const left = b.size() - at, length = left < around ? 0 : big_endian(b.data() + at, 4);
    if (left < around || length > left - around)
      throw io_error(text(who, ": PNG is cut off or damaged: its ", b.size(), " bytes end inside a chunk"));
    bool const needed = (b[at + 4] & std::byte{32}) == std::byte{0};  // by its name: a capital letter first
    if (needed && crc32(b.subspan(at + 4, 4 + length)) != big_endian(b.data() + at + 8 + length, 4))
      throw io_error(text(who, ": PNG has a wrong checksum in the chunk at byte ", at, ": the file is damaged"));
    if (is(at, "PLTE") && palette == 0) palette = at, colours = length;
    if (is(at, "IEND")) break;
    at += around + length;
  }
  constexpr auto indexed = std::byte{3};
  if (b[25] != indexed || palette == 0 || colours >= whole_palette) return b;
  copy.assign(b.begin(), b.end());
  copy.insert(copy.begin() + static_cast<std::ptrdiff_t>(palette + 8 + colours), whole_palette - colours, std::byte{0});
  copy[palette + 2] = static_cast<std::byte>(whole_palette >> 8), copy[palette + 3] = static_cast<std::byte>(whole_palette & 255);
  return copy;
}
/// JPEG: f(marker, position of its length) for every segment up to the end of the picture, beyond which stb does not read. Pairs of bytes
/// that begin no segment in the data of a scan are passed over, as are bytes between segments.
template <class F>
void for_each_jpeg_segment(std::span<std::byte const> b, F const& f) {
  for (std::size_t at = 2;;) {
    while (at < b.size() && b[at] != std::byte{0xff}) ++at;
    while (at < b.size() && b[at] == std::byte{0xff}) ++at;
    if (at + 2 >= b.size()) return;
    auto const marker = static_cast<unsigned>(b[at++]);
    if (marker == 0xd9) return;
    if (marker <= 1 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    f(marker, at);
    at += std::max<std::size_t>(2, static_cast<std::size_t>(big_endian(b.data() + at, 2)));
  }
}
/// JPEG: stb writes past the end of a Huffman table that claims more than 256 codes, and mistakes the 256th for a mark of its own, after
/// which it reads before the table; pictures use 162 at most. `at`: where the segment of tables has its length.
inline void check_huffman_tables(std::string const& who, std::span<std::byte const> b, std::size_t at) {
  auto const value = [&](std::size_t i) { return i < b.size() ? static_cast<int>(b[i]) : 0; };
  int left = 256 * value(at) + value(at + 1) - 2;
  for (at += 2; left > 0;) {
    if (value(at) >> 4 > 1 || (value(at) & 15) > 3) break;
    int codes = 0;
    for (std::size_t k = 1; k <= 16; ++k) codes += value(at + k);
    if (codes > 255)
      throw io_error(text(who, ": JPEG has a Huffman table of ", codes, " codes; expected at most 255: it is damaged or made to deceive"));
    at += static_cast<std::size_t>(17 + codes);
    left -= 17 + codes;
  }
}
/// JPEG: the frame header's size, found by walking the segments.
inline std::size_t check_jpeg(std::string const& who, std::span<std::byte const> b) {
  std::size_t scans = 0;
  constexpr std::size_t most_scans = 500;
  for_each_jpeg_segment(b, [&](unsigned marker, std::size_t at) {
    if (marker == 0xc4) check_huffman_tables(who, b, at);
    scans += marker == 0xda;
  });
  if (scans > most_scans) throw io_error(text(who, ": JPEG has ", scans, " scans; expected at most ", most_scans));
  for (std::size_t at = 2; at + 4 <= b.size();) {
    if (b[at] != std::byte{0xff}) break;
    auto const marker = static_cast<unsigned>(b[at + 1]);
    if (marker == 0xff) {  // padding
      ++at;
      continue;
    }
    bool const frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (frame) {
      if (at + 10 > b.size()) break;
      std::uint64_t const h = big_endian(b.data() + at + 5, 2), w = big_endian(b.data() + at + 7, 2);
      if (static_cast<int>(b[at + 4]) != 8)
        throw io_error(text(who, ": JPEG has ", static_cast<int>(b[at + 4]), " bits a channel; expected 8"));
      if (static_cast<int>(b[at + 9]) > 3)
        throw io_error(text(who, ": JPEG has ", static_cast<int>(b[at + 9]), " channels (CMYK?); expected RGB or gray"));
      check_picture_size(who, w, h);
      constexpr std::uint64_t most_ratio = 4096;  // pixels a byte, for a picture of one colour
      if (w * h > most_ratio * b.size())
        throw io_error(text(who, ": JPEG of ", w, " x ", h, " pixels in ", b.size(), " bytes; the file is cut off or made to deceive"));
      return static_cast<std::size_t>(w * h);
    }
    at += 2 + big_endian(b.data() + at + 2, 2);
  }
  throw io_error(text(who, ": JPEG is cut off or damaged: no frame header"));
}

/// Decodes to U = uint8 or uint16. A 16-bit PNG never goes through stb's conversion to 8.
template <class U>
tensor<U, 3> decode_picture(std::string const& who, std::span<std::byte const> bytes) {
  constexpr bool deep = sizeof(U) == 2;
  bool const png = bytes.size() >= 8 && std::memcmp(bytes.data(), "\x89PNG\r\n\x1a\n", 8) == 0;
  bool const jpeg = bytes.size() >= 3 && std::memcmp(bytes.data(), "\xff\xd8\xff", 3) == 0;
  if (!png && !jpeg) throw io_error(text(who, ": is neither PNG nor JPEG, whatever its name; expected one of them"));
  if (bytes.size() > (std::size_t{1} << 30)) throw io_error(text(who, ": has ", bytes.size(), " bytes; expected at most 2^30"));
  auto const claimed = png ? check_png(who, bytes, deep) : check_jpeg(who, bytes);
  std::vector<std::byte> completed;
  if (png) bytes = check_png_chunks(who, bytes, completed);
  decoder_limit = 8 * sizeof(U) * claimed + 2 * bytes.size() + (std::size_t{1} << 20);
  decoder_starved = false;
  int w = 0, h = 0, channels = 0;
  auto const* const data = reinterpret_cast<stbi_uc const*>(bytes.data());
  auto const size = static_cast<int>(bytes.size());
  bool const known = stbi_info_from_memory(data, size, &w, &h, &channels);
  if (decoder_starved) throw std::bad_alloc();
  if (!known) throw io_error(text(who, ": cannot be decoded (", stbi_failure_reason(), "): the file is damaged"));
  if (channels == 2 || channels == 4)
    throw io_error(text(who, ": has transparency or CMYK (", channels, " channels); expected RGB or gray: flatten it first"));
  U* pixels;
  if constexpr (deep)
    pixels = stbi_load_16_from_memory(data, size, &w, &h, &channels, 3);
  else
    pixels = stbi_load_from_memory(data, size, &w, &h, &channels, 3);
  if (!pixels && decoder_starved) throw std::bad_alloc();
  if (!pixels)
    throw io_error(text(who, ": cannot be decoded (", stbi_failure_reason(), "): the file is cut off, damaged or made to deceive"));
  std::shared_ptr<U[]> hold(pixels, [](U* p) { stbi_image_free(p); });
  if (channels == 2 || channels == 4) throw io_error(text(who, ": has a transparent colour; expected RGB or gray: flatten it first"));
  return {std::move(hold), 0, {{3, h, w}}, {{1, 3 * index_t{w}, 3}}};
}
}  // namespace detail

/// Bits a channel of a picture, 8 or 16, by its first bytes. Says nothing about whether the rest can be read.
inline int image_bits(std::span<std::byte const> bytes) {
  return bytes.size() > 24 && bytes[0] == std::byte{0x89} && bytes[24] == std::byte{16} ? 16 : 8;
}

/// Decodes an 8-bit PNG or JPEG, recognised by its first bytes: RGB (3, h, w), pixels interleaved
/// in memory; gray is widened, a JPEG's orientation tag not applied. Throws io_error, beginning
/// with `who`, for other formats, alpha, 16 bits, CMYK, sides of more than 16384 or more than 2^26 pixels, and damage.
inline tensor<std::uint8_t, 3> decode_image(std::string const& who, std::span<std::byte const> bytes) {
  return detail::decode_picture<std::uint8_t>(who, bytes);
}
/// decode_image of a file of at most 1 GiB. Throws io_error, beginning with the path, also if it cannot be read.
inline tensor<std::uint8_t, 3> read_image(std::filesystem::path const& path) {
  return decode_image(path.string(), *read_file(path, std::uintmax_t{1} << 30));
}
/// The same in 16 bits: those of a 16-bit PNG as they are, 8 bits times 257, so that white stays white.
inline tensor<std::uint16_t, 3> decode_image16(std::string const& who, std::span<std::byte const> bytes) {
  return detail::decode_picture<std::uint16_t>(who, bytes);
}
/// decode_image16 of a file of at most 1 GiB. Throws as read_image does.
inline tensor<std::uint16_t, 3> read_image16(std::filesystem::path const& path) {
  return decode_image16(path.string(), *read_file(path, std::uintmax_t{1} << 30));
}

}  // namespace edvr::v1
