// SPDX-License-Identifier: Apache-2.0
// Writers of good and bad files, for tests of the readers.
#pragma once
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "edvr/io.hpp"

namespace files {

/// Bytes that this thread has asked operator new for, in a program that counts them (tests/io/failures.cpp).
inline thread_local std::size_t requested = 0;
/// A path of this process's own for a file or folder that a test leaves nothing of.
inline std::filesystem::path temporary(std::string const& name) {
  return std::filesystem::temp_directory_path() / edvr::text("edvr_test_", static_cast<long>(getpid()), '_', name);
}
inline edvr::file_bytes bytes_of(std::string const& s) {
  auto const* const p = reinterpret_cast<std::byte const*>(s.data());
  return std::make_shared<std::vector<std::byte> const>(p, p + s.size());
}
inline std::string text_of(edvr::file_bytes const& b) { return {reinterpret_cast<char const*>(b->data()), b->size()}; }
template <class U>
std::string le(U v) {
  std::string s(sizeof v, '\0');
  std::memcpy(s.data(), &v, sizeof v);
  return s;
}

/// One entry of a zip archive, with the fields a liar would change.
struct entry {
  std::string name, data;
  std::uint16_t method = 0, flags = 0;
  std::string local_name = "";      // empty: the same
  std::uint32_t crc = 0;            // 0: not stored
  std::uint32_t size = 0xffffffff;  // 0xffffffff: the true one
};
struct zip_lies {
  int entries = -1;
  std::uint32_t offset_added = 0;
  std::string comment = "";
  int comment_length = -1;
};
inline std::string zip(std::vector<entry> const& entries, zip_lies const& lies = {}) {
  std::string out, directory;
  for (auto const& e : entries) {
    auto const local = static_cast<std::uint32_t>(out.size());
    std::string const& name = e.local_name.empty() ? e.name : e.local_name;
    auto const size = e.size == 0xffffffff ? static_cast<std::uint32_t>(e.data.size()) : e.size;
    out += "PK\3\4" + le<std::uint16_t>(20) + le(e.flags) + le(e.method) + le<std::uint32_t>(0) + le<std::uint32_t>(0) +
           le<std::uint32_t>(0) + le<std::uint32_t>(0) + le(static_cast<std::uint16_t>(name.size())) + le<std::uint16_t>(0) + name + e.data;
    directory += "PK\1\2" + le<std::uint16_t>(20) + le<std::uint16_t>(20) + le(e.flags) + le(e.method) + le<std::uint32_t>(0) + le(e.crc) +
                 le(size) + le(size) + le(static_cast<std::uint16_t>(e.name.size())) + le<std::uint16_t>(0) + le<std::uint16_t>(0) +
                 le<std::uint16_t>(0) + le<std::uint16_t>(0) + le<std::uint32_t>(0) + le(local) + e.name;
  }
  auto const at = static_cast<std::uint32_t>(out.size());
  auto const n = static_cast<std::uint16_t>(lies.entries < 0 ? static_cast<int>(entries.size()) : lies.entries);
  auto const comment = static_cast<std::uint16_t>(lies.comment_length < 0 ? static_cast<int>(lies.comment.size()) : lies.comment_length);
  return out + directory + "PK\5\6" + le<std::uint16_t>(0) + le<std::uint16_t>(0) + le(n) + le(n) +
         le(static_cast<std::uint32_t>(directory.size())) + le(at + lies.offset_added) + le(comment) + lies.comment;
}

// Pickle, protocol 2.
inline std::string str(std::string const& s) { return "X" + le(static_cast<std::uint32_t>(s.size())) + s; }
inline std::string num(std::int64_t v) {
  if (v >= INT32_MIN && v <= INT32_MAX) return "J" + le(static_cast<std::int32_t>(v));
  return "\x8a\x08" + le(v);
}
inline std::string global(std::string const& module, std::string const& name) { return "c" + module + "\n" + name + "\n"; }
inline std::string tuple(std::vector<std::string> const& items) {
  std::string s = "(";
  for (auto const& i : items) s += i;
  return s + "t";
}
inline std::string numbers(std::vector<std::int64_t> const& v) {
  std::string s = "(";
  for (auto i : v) s += num(i);
  return s + "t";
}
inline std::string pickled_storage(std::string const& key, std::int64_t elements, std::string const& type = "FloatStorage") {
  return tuple({str("storage"), global("torch", type), str(key), str("cpu"), num(elements)}) + "Q";
}
inline std::string pickled_tensor(std::string const& of, std::int64_t offset, std::vector<std::int64_t> const& size,
                                  std::vector<std::int64_t> const& stride) {
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple({of, num(offset), numbers(size), numbers(stride), "\x89", global("collections", "OrderedDict") + ")R"}) + "R";
}
inline std::string dict(std::vector<std::pair<std::string, std::string>> const& items) {
  std::string s = "}(";
  for (auto const& [k, v] : items) s += str(k) + v;
  return s + "u";
}
inline std::string pickle(std::string const& body) { return "\x80\x02" + body + "."; }

/// A PyTorch zip file: pickle and storages.
inline std::string pth(std::string const& body, std::vector<std::pair<std::string, std::string>> const& storages = {},
                       std::vector<entry> more = {}) {
  std::vector<entry> all{{"archive/data.pkl", pickle(body)}};
  for (auto const& [key, data] : storages) all.push_back({"archive/data/" + key, data});
  all.insert(all.end(), more.begin(), more.end());
  all.push_back({"archive/version", "3\n"});
  return zip(all);
}
inline std::string floats(std::vector<float> const& v) {
  std::string s(v.size() * 4, '\0');
  std::memcpy(s.data(), v.data(), s.size());
  return s;
}

inline std::string safetensors(std::string const& header, std::string const& data = "") {
  return le(static_cast<std::uint64_t>(header.size())) + header + data;
}

}  // namespace files
