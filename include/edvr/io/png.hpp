// SPDX-License-Identifier: Apache-2.0
// Writing PNG, of 8 or 16 bits a channel. Reading it: image.hpp.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "edvr/core/tensor.hpp"
#include "edvr/io/file.hpp"
#include "edvr/io/zlib.hpp"

namespace edvr::inline v1 {

namespace detail {
/// Throws io_error unless pictures may have this size, which a file claims or a caller wants.
inline void check_picture_size(std::string const& who, std::uint64_t w, std::uint64_t h) {
  constexpr std::uint64_t most_side = 16384, most_pixels = std::uint64_t{1} << 26;
  if (w < 1 || h < 1) throw io_error(text(who, ": picture of ", w, " x ", h, " pixels; expected at least 1 x 1"));
  if (w > most_side || h > most_side || w * h > most_pixels)
    throw io_error(
        text(who, ": picture of ", w, " x ", h, " pixels; expected sides of at most ", most_side, " and at most ", most_pixels, " pixels"));
}

/// One row by the filter that leaves the smallest numbers, sums of absolute values compared: what the PNG specification (12.8) recommends.
/// Appends the filter's number and the bytes.
inline void filter_png_row(std::vector<std::uint8_t> const& row, std::vector<std::uint8_t> const& above, std::size_t pixel,
                           std::vector<std::byte>& to) {
  std::size_t const n = row.size();
  std::array<std::vector<std::uint8_t>, 5> tried;
  std::size_t best = 0, least = SIZE_MAX;
  for (std::size_t f = 0; f < 5; ++f) {
    auto& out = tried[f];
    out.resize(n);
    std::size_t sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      int const a = i < pixel ? 0 : row[i - pixel], b = above[i], c = i < pixel ? 0 : above[i - pixel];
      int const pa = std::abs(b - c), pb = std::abs(a - c), pc = std::abs(a + b - 2 * c);
      int const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      int const predicted[] = {0, a, b, (a + b) / 2, paeth};
      out[i] = static_cast<std::uint8_t>(row[i] - predicted[f]);
      sum += static_cast<std::size_t>(std::abs(static_cast<int>(static_cast<std::int8_t>(out[i]))));
    }
    if (sum < least) least = sum, best = f;
  }
  to.push_back(static_cast<std::byte>(best));
  auto const bytes = std::as_bytes(std::span(tried[best]));
  to.insert(to.end(), bytes.begin(), bytes.end());
}
}  // namespace detail

/// RGB (3, h, w) as the bytes of a PNG file, as deep as its elements:
/// uint8 or uint16. Throws io_error and shape_error, beginning with `who`.
template <class U>
  requires(std::is_same_v<U, std::uint8_t> || std::is_same_v<U, std::uint16_t>)
std::vector<std::byte> encode_png(std::string const& who, tensor<U, 3> const& x) {
  if (x.extent(0) != 3 || x.empty()) throw shape_error(text(who, ": picture has shape ", x.shape(), "; expected (3, h, w)"));
  index_t const h = x.extent(1), w = x.extent(2);
  detail::check_picture_size(who, static_cast<std::uint64_t>(w), static_cast<std::uint64_t>(h));
  std::size_t const pixel = 3 * sizeof(U), row_bytes = static_cast<std::size_t>(w) * pixel;
  std::vector<std::uint8_t> row(row_bytes), above(row_bytes);
  std::vector<std::byte> filtered, file;
  filtered.reserve(static_cast<std::size_t>(h) * (row_bytes + 1));
  for (index_t i = 0; i < h; ++i) {
    auto* to = row.data();
    for (index_t j = 0; j < w; ++j)
      for (index_t c = 0; c < 3; ++c) {
        U const v = x[{{c, i, j}}];
        if constexpr (sizeof(U) == 2) *to++ = static_cast<std::uint8_t>(v >> 8);
        *to++ = static_cast<std::uint8_t>(v & 255);
      }
    detail::filter_png_row(row, above, pixel, filtered);
    row.swap(above);
  }
  auto const put32 = [](std::vector<std::byte>& to, std::uint64_t v) {
    for (int shift : {24, 16, 8, 0}) to.push_back(static_cast<std::byte>(v >> shift & 255u));
  };
  auto const chunk = [&](char const* name, std::vector<std::byte> const& data) {
    put32(file, data.size());
    std::size_t const begin = file.size();
    for (int i = 0; i < 4; ++i) file.push_back(static_cast<std::byte>(name[i]));
    file.insert(file.end(), data.begin(), data.end());
    put32(file, detail::crc32(std::span(file).subspan(begin)));
  };
  for (char c : std::string_view("\x89PNG\r\n\x1a\n", 8)) file.push_back(static_cast<std::byte>(c));
  std::vector<std::byte> header;
  put32(header, static_cast<std::uint64_t>(w)), put32(header, static_cast<std::uint64_t>(h));
  for (int v : {static_cast<int>(8 * sizeof(U)), 2, 0, 0, 0})
    header.push_back(static_cast<std::byte>(v));  // depth, RGB, deflate, filters, not interlaced
  chunk("IHDR", header);
  chunk("IDAT", detail::deflate_bytes(filtered, true));
  chunk("IEND", {});
  return file;
}

/// Writes RGB (3, h, w) of uint8 or uint16 as a PNG of 8 or 16 bits, complete or not at all. Throws io_error and shape_error.
template <class U>
void write_png(std::filesystem::path const& path, tensor<U, 3> const& x) {
  write_file(path, {std::span<std::byte const>(encode_png(path.string(), x))});
}

}  // namespace edvr::v1
