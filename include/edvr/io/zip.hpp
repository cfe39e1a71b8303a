// SPDX-License-Identifier: Apache-2.0
// Entries of a zip archive: stored ones, which are all that PyTorch writes, and, for npz files, those compressed by deflate.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edvr/io/file.hpp"
#include "edvr/io/zlib.hpp"

namespace edvr::inline v1::detail {

/// Where an entry's bytes lie in the file: `size` of them, or `packed` if deflated.
struct zip_entry {
  std::size_t begin, size, packed;
  std::uint32_t crc;
  bool deflated;
};
using zip_directory = std::map<std::string, zip_entry, std::less<>>;

/// Little-endian integers of a file, every access checked.
class byte_reader {
 public:
  byte_reader(std::string who, std::span<std::byte const> bytes) : who_(std::move(who)), bytes_(bytes) {}
  std::size_t size() const { return bytes_.size(); }
  std::string const& who() const { return who_; }
  template <class U>
  U at(std::uint64_t offset) const {
    need(offset, sizeof(U));
    U u;
    std::memcpy(&u, bytes_.data() + offset, sizeof u);
    return u;
  }
  std::string text_at(std::uint64_t offset, std::size_t n) const {
    need(offset, n);
    return {reinterpret_cast<char const*>(bytes_.data()) + offset, n};
  }
  std::span<std::byte const> span(std::size_t offset, std::size_t n) const {
    need(offset, n);
    return bytes_.subspan(offset, n);
  }

 private:
  void need(std::uint64_t offset, std::uint64_t n) const {
    if (offset > bytes_.size() || n > bytes_.size() - offset)
      throw io_error(text(who_, ": damaged or cut off: ", n, " bytes wanted at ", offset, ", the file has ", bytes_.size()));
  }
  std::string who_;
  std::span<std::byte const> bytes_;
};

struct zip_end {
  std::uint64_t entries, size, offset, position;
};
/// The end record, zip64 or classic. Sizes at 2^32 - 1 and beyond are in the zip64 record.
inline zip_end find_zip_end(byte_reader const& in) {
  constexpr std::size_t record = 22, most_comment = 65535;
  if (in.size() < record) throw io_error(text(in.who(), ": has ", in.size(), " bytes; too short for a zip archive"));
  std::size_t const stop = in.size() - std::min(in.size(), record + most_comment);
  std::size_t at = in.size() - record;
  while (in.at<std::uint32_t>(at) != 0x06054b50u || at + record + in.at<std::uint16_t>(at + 20) != in.size()) {
    if (at == stop) throw io_error(text(in.who(), ": zip archive without a whole end record; the file is cut off or damaged"));
    --at;
  }
  zip_end end{in.at<std::uint16_t>(at + 10), in.at<std::uint32_t>(at + 12), in.at<std::uint32_t>(at + 16), at};
  if (at >= 20 && in.at<std::uint32_t>(at - 20) == 0x07064b50u) {
    auto const record64 = in.at<std::uint64_t>(at - 12);
    if (record64 > at - 20 || in.at<std::uint32_t>(record64) != 0x06064b50u)
      throw io_error(text(in.who(), ": zip64 locator points to no zip64 end record"));
    end = {in.at<std::uint64_t>(record64 + 32), in.at<std::uint64_t>(record64 + 40), in.at<std::uint64_t>(record64 + 48),
           static_cast<std::size_t>(record64)};
  }
  if (end.offset > end.position || end.size > end.position - end.offset)
    throw io_error(
        text(in.who(), ": zip central directory at ", end.offset, " with ", end.size, " bytes overlaps the end record at ", end.position));
  return end;
}

/// Reads the central directory and checks every entry against its local header and the file: stored (or deflated, where that may be), not
/// encrypted, named once and alike in both headers, inside the file, overlapping no other. Throws io_error, beginning with `who`.
inline zip_directory read_zip_directory(std::string const& who, std::span<std::byte const> bytes, bool may_be_deflated = false) {
  byte_reader const in(who, bytes);
  auto const end = find_zip_end(in);
  constexpr std::size_t central = 46;
  if (end.entries > end.size / central)
    throw io_error(text(who, ": zip end record claims ", end.entries, " entries; its directory of ", end.size, " bytes has room for ",
                        end.size / central));
  zip_directory directory;
  std::vector<std::pair<std::size_t, std::size_t>> extents;
  std::uint64_t at = end.offset;
  for (std::uint64_t i = 0; i < end.entries; ++i) {
    if (in.at<std::uint32_t>(at) != 0x02014b50u) throw io_error(text(who, ": zip directory entry ", i, " of ", end.entries, " is damaged"));
    auto const flags = in.at<std::uint16_t>(at + 8), method = in.at<std::uint16_t>(at + 10);
    std::uint64_t packed = in.at<std::uint32_t>(at + 20), size = in.at<std::uint32_t>(at + 24), local = in.at<std::uint32_t>(at + 42);
    auto const name_size = in.at<std::uint16_t>(at + 28), extra_size = in.at<std::uint16_t>(at + 30),
               comment_size = in.at<std::uint16_t>(at + 32);
    std::string const name = in.text_at(at + central, name_size), entry = text(who, ": zip entry ", name.substr(0, 200));
    // zip64: the fields that overflowed, in this order, in extra field 1
    for (std::uint64_t e = at + central + name_size, stop = e + extra_size; e + 4 <= stop;) {
      auto const id = in.at<std::uint16_t>(e), length = in.at<std::uint16_t>(e + 2);
      if (e + 4 + length > stop) throw io_error(text(entry, ": extra field is longer than its header says"));
      if (id == 1) {
        std::uint64_t field = e + 4;
        for (std::uint64_t* v : {&size, &packed, &local})
          if (*v == 0xffffffffu) {
            if (field + 8 > e + 4 + length) throw io_error(text(entry, ": zip64 field is too short"));
            *v = in.at<std::uint64_t>(field);
            field += 8;
          }
      }
      e += 4u + length;
    }
    if (flags & 1u) throw io_error(text(entry, " is encrypted; expected a plain file"));
    bool const deflated = may_be_deflated && method == 8;
    if (method != 0 && may_be_deflated && !deflated)
      throw io_error(text(entry, " is compressed by method ", method, "; expected stored or deflate, as numpy writes them"));
    if (method != 0 && !deflated)
      throw io_error(text(entry, " is compressed (",
                          method == 8    ? "deflate"
                          : method == 12 ? "bzip2"
                          : method == 14 ? "lzma"
                          : method == 93 ? "zstd"
                                         : "unknown method ",
                          method == 8 || method == 12 || method == 14 || method == 93 ? "" : std::to_string(method),
                          "); PyTorch stores entries as they are: save the file again with torch.save"));
    if (packed != size && !deflated) throw io_error(text(entry, ": stored size ", packed, " differs from its size ", size));
    if (in.at<std::uint32_t>(local) != 0x04034b50u) throw io_error(text(entry, " has no local header at ", local));
    auto const local_name = in.at<std::uint16_t>(local + 26), local_extra = in.at<std::uint16_t>(local + 28);
    if (in.text_at(local + 30, local_name) != name)
      throw io_error(text(entry, " has another name in its local header; the file is made to deceive"));
    if (((in.at<std::uint16_t>(local + 6) ^ flags) & 1u) || in.at<std::uint16_t>(local + 8) != method)
      throw io_error(text(entry, ": local and central header disagree"));
    std::uint64_t const begin = local + 30u + local_name + local_extra;
    if (begin > end.offset || packed > end.offset - begin)
      throw io_error(text(entry, " of ", packed, " bytes at ", begin, " reaches past the data of the archive"));
    if (!directory
             .emplace(name, zip_entry{static_cast<std::size_t>(begin), static_cast<std::size_t>(size), static_cast<std::size_t>(packed),
                                      in.at<std::uint32_t>(at + 16), deflated})
             .second)
      throw io_error(text(entry, " occurs twice"));
    extents.emplace_back(static_cast<std::size_t>(local), static_cast<std::size_t>(begin + packed));
    at += central + name_size + extra_size + comment_size;
  }
  if (at != end.offset + end.size)
    throw io_error(text(who, ": zip directory has ", end.size, " bytes, its ", end.entries, " entries take ", at - end.offset));
  std::sort(extents.begin(), extents.end());
  for (std::size_t i = 1; i < extents.size(); ++i)
    if (extents[i].first < extents[i - 1].second)
      throw io_error(text(who, ": zip entries overlap at byte ", extents[i].first, "; the file is made to deceive"));
  return directory;
}
/// Throws io_error if the checksum of a stored entry is not its. Writers that leave it out store 0.
inline void check_crc(std::string const& who, std::string_view name, zip_entry const& e, std::span<std::byte const> bytes) {
  if (!e.deflated && e.crc != 0 && crc32(bytes.subspan(e.begin, e.size)) != e.crc)
    throw io_error(text(who, ": zip entry ", name, " has a wrong checksum; the file is damaged"));
}

/// One file of an archive to be written.
struct zip_piece {
  std::string name;
  std::vector<std::byte> bytes;
};
/// A zip archive of these files, in their order, stored or deflated. Throws io_error if it would need zip64, beyond 4 GiB or 65535 files.
inline std::vector<std::byte> make_zip(std::string const& who, std::vector<zip_piece> const& pieces, bool compress) {
  constexpr std::uint64_t most = 0xfffffffeu;
  std::vector<std::byte> out, directory;
  auto const put = [](std::vector<std::byte>& to, std::uint64_t v, int n) {
    for (int i = 0; i < n; ++i) to.push_back(static_cast<std::byte>(v >> (8 * i) & 255u));
  };
  auto const put_bytes = [](std::vector<std::byte>& to, std::span<std::byte const> b) { to.insert(to.end(), b.begin(), b.end()); };
  if (pieces.size() > 65535)
    throw io_error(text(who, ": ", pieces.size(), " files in one archive; expected at most 65535: write safetensors"));
  for (auto const& p : pieces) {
    auto const packed = compress ? deflate_bytes(p.bytes, false) : p.bytes;
    if (p.name.size() > 65535 || p.bytes.size() > most || out.size() + packed.size() + p.name.size() + 30 > most)
      throw io_error(text(who, ": would have more than 4 GiB; write safetensors"));
    std::uint64_t const local = out.size();
    std::vector<std::byte> both;  // what the two headers share
    // Version, names in UTF-8, method, 1 January 1980.
    put(both, 20, 2), put(both, 1u << 11, 2), put(both, compress ? 8 : 0, 2), put(both, 0, 2), put(both, 0x21, 2);
    put(both, crc32(p.bytes), 4), put(both, packed.size(), 4), put(both, p.bytes.size(), 4), put(both, p.name.size(), 2), put(both, 0, 2);
    auto const name = std::as_bytes(std::span(p.name));
    put(out, 0x04034b50u, 4), put_bytes(out, both), put_bytes(out, name), put_bytes(out, packed);
    put(directory, 0x02014b50u, 4), put(directory, 20, 2), put_bytes(directory, both), put(directory, 0, 8), put(directory, 0, 2),
        put(directory, local, 4), put_bytes(directory, name);
  }
  std::uint64_t const at = out.size(), size = directory.size();
  if (at + size > most) throw io_error(text(who, ": would have more than 4 GiB; write safetensors"));
  put_bytes(out, directory);
  put(out, 0x06054b50u, 4), put(out, 0, 4), put(out, pieces.size(), 2), put(out, pieces.size(), 2), put(out, size, 4), put(out, at, 4),
      put(out, 0, 2);
  return out;
}

}  // namespace edvr::inline v1::detail
