// SPDX-License-Identifier: Apache-2.0
// The only header that includes zlib.
#pragma once
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "edvr/core/error.hpp"

namespace edvr::inline v1::detail {

/// The checksum that zip archives store.
inline std::uint32_t crc32(std::span<std::byte const> bytes) {
  uLong sum = ::crc32(0, nullptr, 0);
  while (!bytes.empty()) {
    auto const n = std::min<std::size_t>(bytes.size(), std::size_t{1} << 30);
    sum = ::crc32(sum, reinterpret_cast<Bytef const*>(bytes.data()), static_cast<uInt>(n));
    bytes = bytes.subspan(n);
  }
  return static_cast<std::uint32_t>(sum);
}

/// Throws unless zlib began a stream.
inline void check_zlib(int state) {
  if (state == Z_MEM_ERROR) throw std::bad_alloc();
  if (state != Z_OK)
    throw io_error(text("zlib: ", zError(state), "; expected the zlib that the program was compiled with, ", ZLIB_VERSION));
}
/// Calls `end` on a stream of zlib's when it goes, whatever ends the work.
struct stream_ender {
  z_stream& z;
  int (*end)(z_stream*);
  ~stream_ender() { end(&z); }
};

/// Most bytes that deflate makes of one.
inline constexpr std::uint64_t deflate_ratio = 1032;

/// A stream of deflate, without a header of its own, that unpacks to `size` bytes and no other number. Throws io_error, beginning with
/// `who`, before any memory is taken if so few bytes cannot hold so many.
inline std::vector<std::byte> unpack_deflate(std::string const& who, std::span<std::byte const> packed, std::uint64_t size) {
  if (size > deflate_ratio * packed.size())
    throw io_error(text(who, ": ", packed.size(), " compressed bytes claim to be ", size,
                        "; no compression is that good: the file is damaged or made to deceive"));
  std::vector<std::byte> out(static_cast<std::size_t>(size));
  z_stream z{};
  check_zlib(inflateInit2(&z, -MAX_WBITS));
  stream_ender const at_end{z, inflateEnd};
  constexpr std::size_t most = std::size_t{1} << 30;  // of one call: its counters have 32 bits
  std::size_t taken = 0, given = 0;
  int state = Z_OK;
  while (state == Z_OK) {
    z.next_in = const_cast<Bytef*>(reinterpret_cast<Bytef const*>(packed.data()) + taken);
    z.avail_in = static_cast<uInt>(std::min(most, packed.size() - taken));
    Bytef beyond = 0;  // room for a byte too many
    bool const full = given == out.size();
    z.next_out = full ? &beyond : reinterpret_cast<Bytef*>(out.data()) + given;
    z.avail_out = full ? 1 : static_cast<uInt>(std::min(most, out.size() - given));
    auto const in_before = z.avail_in, out_before = z.avail_out;
    state = inflate(&z, Z_NO_FLUSH);
    taken += in_before - z.avail_in;
    given += out_before - z.avail_out;
    if (given > out.size()) state = Z_DATA_ERROR;
    if (state == Z_OK && in_before == z.avail_in && out_before == z.avail_out) state = Z_BUF_ERROR;  // no progress
  }
  if (state == Z_MEM_ERROR) throw std::bad_alloc();
  if (state != Z_STREAM_END || given != size || taken != packed.size())
    throw io_error(text(who, ": compressed data ",
                        state != Z_STREAM_END && given <= size ? "are damaged or cut off"
                                                               : text("do not unpack to the ", size, " bytes that the file claims")));
  return out;
}
/// Compressed with deflate, with zlib's header (as in PNG) or without one (as in zip).
inline std::vector<std::byte> deflate_bytes(std::span<std::byte const> bytes, bool header, int level = 6) {
  z_stream z{};
  check_zlib(deflateInit2(&z, level, Z_DEFLATED, header ? MAX_WBITS : -MAX_WBITS, 8, Z_DEFAULT_STRATEGY));
  stream_ender const at_end{z, deflateEnd};
  std::vector<std::byte> out(deflateBound(&z, static_cast<uLong>(bytes.size())));
  constexpr std::size_t most = std::size_t{1} << 30;
  std::size_t taken = 0, given = 0;
  int state = Z_OK;
  while (state == Z_OK) {
    z.next_in = const_cast<Bytef*>(reinterpret_cast<Bytef const*>(bytes.data()) + taken);
    z.avail_in = static_cast<uInt>(std::min(most, bytes.size() - taken));
    z.next_out = reinterpret_cast<Bytef*>(out.data()) + given;
    z.avail_out = static_cast<uInt>(std::min(most, out.size() - given));
    auto const in_before = z.avail_in, out_before = z.avail_out;
    state = deflate(&z, in_before == bytes.size() - taken ? Z_FINISH : Z_NO_FLUSH);
    taken += in_before - z.avail_in;
    given += out_before - z.avail_out;
  }
  if (state != Z_STREAM_END) throw io_error(text("deflate: ", zError(state), " after ", taken, " of ", bytes.size(), " bytes"));
  out.resize(given);
  return out;
}

}  // namespace edvr::inline v1::detail
