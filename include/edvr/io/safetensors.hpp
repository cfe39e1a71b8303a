// SPDX-License-Identifier: Apache-2.0
// The safetensors format: u64 length of a JSON header, the header, the data.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <set>
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
inline std::uint64_t natural(std::string const& who, json_value const& v) {
  auto const* const n = v.as<std::uint64_t>();
  if (!n) throw io_error(text(who, ": ", v.described(), " stands where a whole number of at least 0 is expected"));
  return *n;
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
  if ((header > most_header || header > size - 8) && std::memcmp(bytes->data(), "PK", 2) == 0)
    throw io_error(text(who, ": begins as .npz and PyTorch's zip files do, and is no safetensors file; read_tensors and ",
                        "read_checkpoint tell them apart"));
  if (header > most_header || header > size - 8)
    throw io_error(text(who, ": header length ", header, "; expected at most ", std::min<std::uint64_t>(most_header, size - 8),
                        ", which is what follows (or the limit of 100 MB)"));
  auto const* const first = reinterpret_cast<char const*>(bytes->data()) + 8;
  if (header < 2 || *first != '{') throw io_error(text(who, ": header does not begin with {; this is not a safetensors file"));
  using detail::json_value;
  auto const root = detail::read_json(who, first, first + header);
  auto const& tensors = *root.as<json_value::object>();  // it begins with {

  tensor_file file;
  std::size_t const data = 8 + static_cast<std::size_t>(header), room = size - data;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> extents;
  for (std::size_t i = 0; i < tensors.keys.size(); ++i) {
    auto const& name = tensors.keys[i];
    auto const& entry = tensors.values[i];
    std::string const where = text(who, ": ", name.substr(0, 200));
    if (name == "__metadata__") {
      auto const* const strings = entry.as<json_value::object>();
      if (!strings) throw io_error(text(where, " is not an object of strings"));
      for (std::size_t k = 0; k < strings->keys.size(); ++k) {
        auto const* const value = strings->values[k].as<std::string>();
        if (!value) throw io_error(text(where, ": ", strings->keys[k].substr(0, 200), " is not a string"));
        file.metadata[strings->keys[k]] = *value;
      }
      continue;
    }
    auto const *const dtype_of = entry.find("dtype"), *const shape_of = entry.find("shape"), *const offsets_of = entry.find("data_offsets");
    if (!dtype_of || !shape_of || !offsets_of || entry.as<json_value::object>()->keys.size() != 3)
      throw io_error(text(where, ": expected an object with dtype, shape and data_offsets, and nothing else"));
    std::optional<dtype> type;
    for (auto const& [known, t] : detail::safetensors_types)
      if (auto const* s = dtype_of->as<std::string>(); s && *s == known) type = t;
    if (!type)
      throw io_error(
          text(where, ": unknown dtype ", dtype_of->described(), "; expected F64, F32, F16, BF16, I64, I32, I16, I8, U8 or BOOL"));
    auto const* const offsets = offsets_of->as<json_value::array>();
    if (!offsets || offsets->size() != 2) throw io_error(text(where, ": data_offsets is not a pair of numbers"));
    auto const begin = detail::natural(where, offsets->front()), end = detail::natural(where, offsets->back());
    if (begin > end || end > room)
      throw io_error(
          text(where, ": data_offsets ", begin, " to ", end, "; expected begin <= end <= ", room, ", the bytes of data in the file"));
    auto const* const extents_of = shape_of->as<json_value::array>();
    if (!extents_of) throw io_error(text(where, ": shape is not a list"));
    std::vector<index_t> shape;
    std::uint64_t need = static_cast<std::uint64_t>(size_of(*type));
    bool empty = false;
    for (auto const& v : *extents_of) {
      auto const n = detail::natural(where, v);
      if (n > std::uint64_t{std::numeric_limits<index_t>::max()}) throw io_error(text(where, ": extent ", n, " is out of range"));
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
    for (std::size_t axis = shape.size(); axis-- > 0 && !empty; step *= shape[axis]) strides[axis] = step;
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
  std::string h = "{";
  auto const next = [&]() -> std::string& { return h += h.size() > 1 ? "," : ""; };
  if (!metadata.empty()) {
    std::string strings;
    for (auto const& [key, value] : metadata) strings += text(strings.empty() ? "" : ",", quoted_json(key), ':', quoted_json(value));
    next() += text("\"__metadata__\":{", strings, '}');
  }
  std::size_t at = 0;
  std::set<std::string> keys;  // as they are written, with a sign in place of what is not UTF-8
  for (auto const& [name, t] : tensors) {
    if (!keys.insert(quoted_json(name)).second)
      throw io_error(text(who, ": two tensors would have the name ", quoted_json(name), ", because theirs are not UTF-8; rename one"));
    if (name == "__metadata__")
      throw io_error(text(who, ": a tensor is called __metadata__, which safetensors keeps for itself; rename it"));
    char const* type = nullptr;
    for (auto const& [known, d] : safetensors_types)
      if (d == t.type()) type = known;
    std::string shape;
    for (auto n : t.shape()) shape += text(shape.empty() ? "" : ",", n);
    auto const end = at + static_cast<std::size_t>(t.size() * size_of(t.type()));
    next() += text(quoted_json(name), ":{\"dtype\":\"", type, "\",\"shape\":[", shape, "],\"data_offsets\":[", at, ',', end, "]}");
    at = end;
  }
  h += '}';
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
/// Writes tensors in order of name, complete or not at all. Throws io_error, also if one is called __metadata__, or two
/// have one name, because only UTF-8 can be written.
inline void write_safetensors(std::filesystem::path const& path, tensor_map const& tensors,
                              std::map<std::string, std::string> const& metadata = {}) {
  write_file(path, {std::span<std::byte const>(detail::make_safetensors(path.string(), tensors, metadata))});
}

}  // namespace edvr::v1
