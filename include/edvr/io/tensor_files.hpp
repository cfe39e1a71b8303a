// SPDX-License-Identifier: Apache-2.0
// Named tensors from and to whichever format a file has: safetensors, .npz, .npy.
#pragma once
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "edvr/io/npy.hpp"
#include "edvr/io/safetensors.hpp"

namespace edvr::inline v1 {

enum class tensor_format { safetensors, npy, npz };
/// By the first bytes, and by the name only where these say nothing.
inline tensor_format format_of(std::string const& who, file_bytes const& bytes) {
  auto const begins = [&](std::string_view with) {
    return bytes->size() >= with.size() && std::memcmp(bytes->data(), with.data(), with.size()) == 0;
  };
  if (begins("\x93NUMPY")) return tensor_format::npy;
  if (begins("PK\3\4") || begins("PK\5\6")) return tensor_format::npz;
  if (bytes->size() <= 8 || bytes->at(8) != std::byte{'{'}) {
    if (who.ends_with(".npy")) return tensor_format::npy;
    if (who.ends_with(".npz")) return tensor_format::npz;
  }
  return tensor_format::safetensors;
}

/// The one array of an .npy file is called "array". Throws io_error, beginning with `who`.
inline tensor_map parse_tensors(std::string const& who, file_bytes const& bytes) {
  switch (format_of(who, bytes)) {
    case tensor_format::npy: return {{"array", parse_npy(who, bytes)}};
    case tensor_format::npz:
      if (detail::is_npz(*bytes) || who.ends_with(".npz")) return parse_npz(who, bytes);
      break;
    default: break;
  }
  if (!who.ends_with(".safetensors") && (bytes->size() <= 8 || bytes->at(8) != std::byte{'{'}))
    throw io_error(text(who, ": is neither safetensors nor .npz or .npy; edvr convert makes safetensors of weight files"));
  return parse_safetensors(who, bytes).tensors;
}
/// parse_tensors of a file. Throws io_error, beginning with the path, also if it cannot be read.
inline tensor_map read_tensors(std::filesystem::path const& path) { return parse_tensors(path.string(), read_file(path)); }

/// In the format that the name ends in: .npz, .npy (of one tensor), else safetensors. Complete or not at all. Throws io_error.
inline void write_tensors(std::filesystem::path const& path, tensor_map const& tensors,
                          std::map<std::string, std::string> const& metadata = {}) {
  if (path.extension() == ".npz") return write_npz(path, tensors);
  if (path.extension() != ".npy") return write_safetensors(path, tensors, metadata);
  if (tensors.size() != 1)
    throw io_error(text(path.string(), ": an .npy file holds one array, and there are ", tensors.size(), "; write .npz or .safetensors"));
  write_npy(path, tensors.begin()->second);
}

}  // namespace edvr::v1
