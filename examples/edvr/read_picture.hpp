// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

#include "edvr/io/image.hpp"
#include "edvr/model/video.hpp"

namespace program {

/// A PNG of 8 or 16 bits or a JPEG as RGB (3, h, w) in [0, 1]. bits: of a channel. Throws io_error.
template <class T>
edvr::tensor<T, 3> read_picture(std::filesystem::path const& path, int* bits = nullptr, edvr::cpu_executor const& ex = {}) {
  auto const bytes = edvr::read_file(path, std::uintmax_t{1} << 30);
  int const deep = edvr::image_bits(*bytes);
  if (bits) *bits = deep;
  return deep == 16 ? edvr::from_16bit<T>(edvr::decode_image16(path.string(), *bytes), ex)
                    : edvr::from_8bit<T>(edvr::decode_image(path.string(), *bytes), ex);
}

}  // namespace program
