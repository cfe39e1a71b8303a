// SPDX-License-Identifier: Apache-2.0
// The safetensors format: u64 length of a JSON header, the header, the data.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "edvr/io/any_tensor.hpp"
#include "edvr/io/json.hpp"

namespace edvr::inline v1 {

namespace detail {
inline constexpr std::pair<char const*, dtype> safetensors_types[] = {
    {"F64", dtype::float64}, {"F32", dtype::float32}, {"F16", dtype::float16}, {"BF16", dtype::bfloat16}, {"I64", dtype::int64},
    {"I32", dtype::int32},   {"I16", dtype::int16},   {"I8", dtype::int8},     {"U8", dtype::uint8},      {"BOOL", dtype::boolean}};

/// A whole number from untrusted JSON.
inline std::uint64_t natural(std::string const& who, json const& v) {
  if (!v.is_number_unsigned())
    throw io_error(text(who, ": ", v.dump().substr(0, 40), " stands where a whole number of at least 0 is expected"));
  return v.get<std::uint64_t>();
}
}  // namespace detail

/// Reads safetensors from bytes. Checked before any memory is taken: header length, JSON without duplicate keys, known element types,
/// extents that agree with the bytes given, data without gaps or overlaps to the last byte. Throws io_error, beginning with `who`.
inline tensor_file parse_safetensors(std::string const& who, file_bytes const& bytes) {
  constexpr std::uint64_t most_header = 100'000'000;
  std::size_t const size = bytes->size();
  if (size < 8) throw io_error(text(who, ": has ", size, " bytes; a safetensors file begins with 8 bytes of header length"));
  std::uint64_t header;
  std::memcpy(&header, bytes->data(), 8);
  if (header > most_header || header > size - 8)
    throw io_error(text(who, ": header length ", header, "; expected at most ", std::min<std::uint64_t>(most_header, size - 8),
                        ", which is what follows (or the limit of 100 MB)"));
  auto const* const first = reinterpret_cast<char const*>(bytes->data()) + 8;
  if (header < 2 || *first != '{') throw io_error(text(who, ": header does not begin with {; this is not a safetensors file"));
  auto const root = parse_json(who, first, first + header);

  tensor_file file;
  std::size_t const data = 8 + static_cast<std::size_t>(header), room = size - data;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> extents;
  for (auto const& [name, entry] : root.items()) {
    std::string const where = text(who, ": ", name.substr(0, 200));
    if (name == "__metadata__") {
      if (!entry.is_object()) throw io_error(text(where, " is not an object of strings"));
      for (auto const& [key, value] : entry.items()) {
        if (!value.is_string()) throw io_error(text(where, ": ", key.substr(0, 200), " is not a string"));
        file.metadata[key] = value.get<std::string>();
      }
      continue;
    }
    if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") || !entry.contains("data_offsets"))
      throw io_error(text(where, ": expected an object with dtype, shape and data_offsets, and nothing else"));
    std::optional<dtype> type;
    for (auto const& [known, t] : detail::safetensors_types)
      if (entry["dtype"] == known) type = t;
    if (!type)
      throw io_error(text(where, ": unknown dtype ", entry["dtype"].dump().substr(0, 40),
                          "; expected F64, F32, F16, BF16, I64, I32, I16, I8, U8 or BOOL"));
    auto const& offsets = entry["data_offsets"];
    if (!offsets.is_array() || offsets.size() != 2) throw io_error(text(where, ": data_offsets is not a pair of numbers"));
    auto const begin = detail::natural(where, offsets[0]), end = detail::natural(where, offsets[1]);
    if (begin > end || end > room)
      throw io_error(
          text(where, ": data_offsets ", begin, " to ", end, "; expected begin <= end <= ", room, ", the bytes of data in the file"));
    if (!entry["shape"].is_array()) throw io_error(text(where, ": shape is not a list"));
    std::vector<index_t> shape;
    std::uint64_t need = static_cast<std::uint64_t>(size_of(*type));
    bool empty = false;
    for (auto const& v : entry["shape"]) {
      auto const n = detail::natural(where, v);
      if (n > std::uint64_t{1} << 62) throw io_error(text(where, ": extent ", n, " is out of range"));
      shape.push_back(static_cast<index_t>(n));
      empty = empty || n == 0;
    }
    for (auto n : shape) {
      if (!empty && static_cast<std::uint64_t>(n) > (std::uint64_t{1} << 62) / need)
        throw io_error(text(where, ": shape holds more than 2^62 bytes"));
      if (!empty) need *= static_cast<std::uint64_t>(n);
    }
    if (empty) need = 0;
    if (need != end - begin) throw io_error(text(where, ": shape and dtype need ", need, " bytes, data_offsets give ", end - begin));
    std::vector<index_t> strides(shape.size());
    index_t step = 1;
    for (std::size_t i = shape.size(); i-- > 0 && !empty; step *= shape[i]) strides[i] = step;
    extents.emplace_back(begin, end);
    file.tensors.emplace(name, any_tensor(where, bytes, data + begin, data + end, *type, std::move(shape), 0, std::move(strides)));
  }
  std::sort(extents.begin(), extents.end());
  std::uint64_t at = 0;
  for (auto const& [begin, end] : extents) {
    if (begin != at)
      throw io_error(text(who, ": data ", begin < at ? "overlap" : "have a gap", " at byte ", std::min(begin, at),
                          "; the file is damaged or made to deceive"));
    at = end;
  }
  if (at != room) throw io_error(text(who, ": ", room - at, " bytes follow the last tensor; the file is damaged or made to deceive"));
  return file;
}
/// parse_safetensors of a file. Throws io_error, beginning with the path, also if it cannot be read.
inline tensor_file read_safetensors(std::filesystem::path const& path) { return parse_safetensors(path.string(), read_file(path)); }

namespace detail {
/// A whole file, tensors in order of name; bytes of names that are not UTF-8 become U+FFFD.
inline std::vector<std::byte> make_safetensors(std::string const& who, tensor_map const& tensors,
                                               std::map<std::string, std::string> const& metadata = {}) {
  json header = json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t at = 0;
  for (auto const& [name, t] : tensors) {
    if (name == "__metadata__")
      throw io_error(text(who, ": a tensor is called __metadata__, which safetensors keeps for itself; rename it"));
    char const* type = nullptr;
    for (auto const& [known, d] : safetensors_types)
      if (d == t.type()) type = known;
    auto const size = static_cast<std::size_t>(t.size() * size_of(t.type()));
    header[name] = {{"dtype", type}, {"shape", t.shape()}, {"data_offsets", {at, at + size}}};
    at += size;
  }
  std::string h = header.dump(-1, ' ', false, json::error_handler_t::replace);
  h.resize((h.size() + 7) / 8 * 8, ' ');
  std::uint64_t const length = h.size();
  std::vector<std::byte> out;
  out.reserve(sizeof length + h.size() + at);
  auto const put = [&](std::span<std::byte const> b) { out.insert(out.end(), b.begin(), b.end()); };
  put(std::as_bytes(std::span(&length, 1)));
  put(std::as_bytes(std::span(h)));
  for (auto const& [name, t] : tensors) put(t.packed_bytes());
  return out;
}
}  // namespace detail
/// Writes tensors in order of name, complete or not at all. Throws io_error, also if one is called __metadata__.
inline void write_safetensors(std::filesystem::path const& path, tensor_map const& tensors,
                              std::map<std::string, std::string> const& metadata = {}) {
  write_file(path, {std::span<std::byte const>(detail::make_safetensors(path.string(), tensors, metadata))});
}

}  // namespace edvr::v1
