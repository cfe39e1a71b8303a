// SPDX-License-Identifier: Apache-2.0
// NumPy's formats: .npy, one array, and .npz, a zip archive of them.
#pragma once
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "edvr/io/any_tensor.hpp"
#include "edvr/io/zip.hpp"

namespace edvr::inline v1 {

namespace detail {
inline constexpr std::pair<char const*, dtype> npy_types[] = {{"<f8", dtype::float64}, {"<f4", dtype::float32}, {"<f2", dtype::float16},
                                                              {"<i8", dtype::int64},   {"<i4", dtype::int32},   {"<i2", dtype::int16},
                                                              {"|i1", dtype::int8},    {"|u1", dtype::uint8},   {"|b1", dtype::boolean}};

/// The header of an array: a Python dictionary of three entries, read by its grammar and never evaluated.
class npy_header {
 public:
  dtype type = dtype::float32;
  bool fortran_order = false;
  std::vector<index_t> shape;

  npy_header(std::string const& who, std::string_view text_of) : who_(who), s_(text_of) {
    bool seen[3] = {};
    want('{');
    while (!take('}')) {
      auto const key = string();
      want(':');
      int const which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
      if (which < 0) fail(text("has an entry \"", key.substr(0, 40), "\"; expected descr, fortran_order and shape"));
      if (std::exchange(seen[which], true)) fail(text("has ", key, " twice"));
      if (which == 0) type = type_named(string());
      if (which == 1) fortran_order = boolean();
      if (which == 2) tuple();
      if (!take(',') && peek() != '}') fail("is damaged: a comma or } is missing");
    }
    if (!seen[0] || !seen[1] || !seen[2]) fail("lacks descr, fortran_order or shape");
    skip();
    if (at_ != s_.size()) fail("has something after its }");
  }

 private:
  [[noreturn]] void fail(std::string const& why) const { throw io_error(text(who_, ": npy header ", why)); }
  void skip() {
    while (at_ < s_.size() && (s_[at_] == ' ' || s_[at_] == '\n' || s_[at_] == '\t')) ++at_;
  }
  char peek() { return skip(), at_ < s_.size() ? s_[at_] : '\0'; }
  bool take(char c) { return peek() == c ? ++at_, true : false; }
  void want(char c) {
    if (!take(c)) fail(text("is damaged: ", std::string(1, c), " expected at byte ", at_));
  }
  std::string string() {
    char const quote = peek();
    if (quote == '[' || quote == '(') fail("describes a structured array; expected plain numbers");
    if (quote != '\'' && quote != '"') fail(text("is damaged: a string expected at byte ", at_));
    auto const end = s_.find(quote, ++at_);
    if (end == std::string_view::npos) fail("has a string without end");
    auto const found = s_.substr(at_, end - at_);
    at_ = end + 1;
    if (found.find('\\') != std::string_view::npos) fail("has a string with an escape; expected none");
    return std::string(found);
  }
  bool boolean() {
    skip();
    for (auto const& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}})
      if (s_.substr(at_, word.size()) == word) return at_ += word.size(), value;
    fail(text("is damaged: True or False expected at byte ", at_));
  }
  void tuple() {
    constexpr std::size_t most_axes = 64;
    want('(');
    while (!take(')')) {
      skip();
      index_t n = 0;
      auto const [end, error] = std::from_chars(s_.data() + at_, s_.data() + s_.size(), n);
      if (error != std::errc{} || n < 0) fail(text("has a shape that is not whole numbers of at least 0 (byte ", at_, ")"));
      at_ = static_cast<std::size_t>(end - s_.data());
      if (at_ < s_.size() && s_[at_] == 'L') ++at_;  // written by Python 2
      shape.push_back(n);
      if (shape.size() > most_axes) fail(text("has more than ", most_axes, " axes"));
      if (!take(',') && peek() != ')') fail("is damaged: a comma or ) is missing in its shape");
    }
  }
  dtype type_named(std::string const& descr) const {
    for (auto const& [known, type_of] : npy_types)
      if (descr == known || (descr.size() == 3 && descr.substr(1) == known + 1 &&
                             (descr[0] == '=' || (known[0] == '|' && (descr[0] == '<' || descr[0] == '>')))))
        return type_of;
    if (descr.find('O') != std::string::npos)
      fail("says that the array holds Python objects, which are pickled code; expected plain numbers");
    if (descr.starts_with('>'))
      fail(text("says ", descr.substr(0, 20), ", big-endian numbers; save it with array.astype('<", descr.substr(1, 3), "')"));
    fail(text("says that elements are \"", descr.substr(0, 40), "\"; expected f2, f4, f8, i1, i2, i4, i8, u1 or b1"));
  }

  std::string const& who_;
  std::string_view s_;
  std::size_t at_ = 0;
};
}  // namespace detail

/// One array from the bytes of an .npy file, versions 1 to 3, in C or Fortran order. Checked before any memory is taken: header length, the
/// header's grammar, element type, and that the data are exactly what the shape needs. Throws io_error, beginning with `who`.
inline any_tensor parse_npy(std::string const& who, file_bytes const& bytes) {
  detail::byte_reader const in(who, *bytes);
  if (in.size() < 10 || in.text_at(0, 6) != "\x93NUMPY") throw io_error(text(who, ": does not begin as an .npy file"));
  int const version = in.at<std::uint8_t>(6);
  if (version < 1 || version > 3 || in.at<std::uint8_t>(7) != 0)
    throw io_error(text(who, ": npy version ", version, '.', static_cast<int>(in.at<std::uint8_t>(7)), "; expected 1.0, 2.0 or 3.0"));
  std::size_t const begin = version == 1 ? 10 : 12;
  constexpr std::size_t most_header = std::size_t{1} << 20;
  std::size_t const length = version == 1 ? in.at<std::uint16_t>(8) : in.at<std::uint32_t>(8);
  if (length > most_header || begin > in.size() || length > in.size() - begin)
    throw io_error(text(who, ": npy header length ", length, "; expected at most ",
                        std::min(most_header, in.size() - std::min(begin, in.size())), ", which is what follows (or the limit of 1 MiB)"));
  detail::npy_header header(who, in.text_at(begin, length));
  std::size_t const data = begin + length, room = in.size() - data;
  auto const each = static_cast<std::uint64_t>(size_of(header.type));
  std::uint64_t elements = 1;
  bool const empty = std::find(header.shape.begin(), header.shape.end(), 0) != header.shape.end();
  for (auto n : header.shape) {
    if (!empty && static_cast<std::uint64_t>(n) > room / each / elements)
      throw io_error(text(who, ": shape needs more than the ", room, " bytes that follow the npy header; the file is cut off or damaged"));
    if (!empty) elements *= static_cast<std::uint64_t>(n);
  }
  if (empty) elements = 0;
  if (elements * each != room) throw io_error(text(who, ": npy data have ", room, " bytes; the shape needs ", elements * each));
  std::vector<index_t> strides(header.shape.size(), 1);
  index_t step = 1;
  for (std::size_t i = 0; i < strides.size(); ++i) {
    std::size_t const axis = header.fortran_order ? i : strides.size() - 1 - i;
    strides[axis] = step;
    if (!empty) step *= header.shape[axis];
  }
  return {who, bytes, data, in.size(), header.type, std::move(header.shape), 0, std::move(strides)};
}
/// parse_npy of a file. Throws io_error, beginning with the path, also if it cannot be read.
inline any_tensor read_npy(std::filesystem::path const& path) { return parse_npy(path.string(), read_file(path)); }

namespace detail {
/// An .npy file of version 1.0 in C order. bfloat16, which NumPy lacks, becomes float32.
inline std::vector<std::byte> make_npy(any_tensor const& t) {
  bool const widen = t.type() == dtype::bfloat16;
  std::string descr, shape;
  for (auto const& [known, type] : npy_types)
    if (type == (widen ? dtype::float32 : t.type())) descr = known;
  for (auto n : t.shape()) shape += std::to_string(n) + ", ";
  if (t.shape().size() > 1)
    shape.resize(shape.size() - 2);
  else if (!shape.empty())
    shape.pop_back();
  std::string header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.append(63 - (10 + header.size()) % 64, ' ');  // data begin at a multiple of 64
  header += '\n';
  std::string const begin =
      std::string("\x93NUMPY\1\0", 8) + static_cast<char>(header.size() & 255) + static_cast<char>(header.size() >> 8) + header;
  auto const head = std::as_bytes(std::span(begin));
  std::vector<std::byte> out(head.begin(), head.end());
  if (!widen) {
    auto const data = t.packed_bytes();
    out.insert(out.end(), data.begin(), data.end());
  } else {
    t.for_each([&](auto v) {
      auto const wide = static_cast<float>(v);
      auto const b = std::as_bytes(std::span(&wide, 1));
      out.insert(out.end(), b.begin(), b.end());
    });
  }
  return out;
}
}  // namespace detail

/// Writes one array, complete or not at all; bfloat16, which NumPy lacks, as float32. Throws io_error.
inline void write_npy(std::filesystem::path const& path, any_tensor const& t) {
  write_file(path, {std::span<std::byte const>(detail::make_npy(t))});
}

namespace detail {
/// Does a zip archive begin with an array? PyTorch's begin with pickles.
inline bool is_npz(std::span<std::byte const> b) {
  auto const at = [&](std::size_t i) { return i < b.size() ? static_cast<std::size_t>(b[i]) : 0; };
  std::size_t const end = 30 + at(26) + 256 * at(27);
  return at(0) == 'P' && at(1) == 'K' && at(2) == 3 && end <= b.size() && end >= 34 && std::memcmp(b.data() + end - 4, ".npy", 4) == 0;
}
}  // namespace detail

/// The arrays of an .npz file, stored or compressed. What it unpacks to is bounded by its directory before anything is unpacked: to
/// most_ratio times its size and 1 MiB, besides what deflate can do at all. Throws io_error, beginning with `who`.
inline tensor_map parse_npz(std::string const& who, file_bytes const& bytes, std::uint64_t most_ratio = 100) {
  auto const all = std::span<std::byte const>(*bytes);
  if (all.size() > 8 && all[8] == std::byte{'{'})
    throw io_error(text(who, ": begins as a safetensors file does, and is no .npz file; read_tensors tells them apart"));
  auto const directory = detail::read_zip_directory(who, all, true);
  std::uint64_t const most =
      (std::uint64_t{1} << 20) + std::min(most_ratio, (std::uint64_t{1} << 62) / std::max<std::uint64_t>(bytes->size(), 1)) * bytes->size();
  std::uint64_t total = 0;
  for (auto const& [name, entry] : directory) {
    if (entry.size > most - std::min<std::uint64_t>(total, most))
      throw io_error(text(
          who, ": unpacks to more than ", most, " bytes, ", most_ratio,
          " times its size and 1 MiB; if it is yours and not made to deceive, raise parse_npz's most_ratio or save it with numpy.savez"));
    total += entry.size;
  }
  tensor_map arrays;
  for (auto const& [name, entry] : directory) {
    std::string const what = text(who, ": ", name.substr(0, 200));
    if (!name.ends_with(".npy")) throw io_error(text(what, " is no .npy file; expected an archive made by numpy.savez"));
    std::string const key = name.substr(0, name.size() - 4);
    auto const packed = all.subspan(entry.begin, entry.packed);
    auto data = entry.deflated ? detail::unpack_deflate(what, packed, entry.size) : std::vector<std::byte>(packed.begin(), packed.end());
    if (detail::crc32(data) != entry.crc) throw io_error(text(what, " has a wrong checksum; the file is damaged"));
    arrays.emplace(key, parse_npy(what, std::make_shared<std::vector<std::byte> const>(std::move(data))));
  }
  return arrays;
}
/// parse_npz of a file. Throws io_error, beginning with the path, also if it cannot be read.
inline tensor_map read_npz(std::filesystem::path const& path) { return parse_npz(path.string(), read_file(path)); }

namespace detail {
inline std::vector<std::byte> make_npz(std::string const& who, tensor_map const& tensors, bool compress) {
  std::vector<zip_piece> pieces;
  for (auto const& [name, t] : tensors) pieces.push_back({name + ".npy", make_npy(t)});
  return make_zip(who, pieces, compress);
}
}  // namespace detail
/// Writes named arrays as numpy.savez does, or numpy.savez_compressed, complete or not at all. Throws io_error, also beyond 4 GiB.
inline void write_npz(std::filesystem::path const& path, tensor_map const& tensors, bool compress = false) {
  write_file(path, {std::span<std::byte const>(detail::make_npz(path.string(), tensors, compress))});
}

}  // namespace edvr::v1
