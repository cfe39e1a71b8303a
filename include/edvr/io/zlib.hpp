// SPDX-License-Identifier: Apache-2.0
// The only header that includes zlib.
#pragma once
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "edvr/config.hpp"

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

}  // namespace edvr::inline v1::detail
