// SPDX-License-Identifier: Apache-2.0
// PyTorch weight files, both containers: zip (torch >= 1.6) and the legacy stream. Nothing in them is executed.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edvr/io/any_tensor.hpp"
#include "edvr/io/pickle.hpp"
#include "edvr/io/zip.hpp"

namespace edvr::inline v1 {

/// A PyTorch file: the values it holds and where its storages lie.
class pth_file {
 public:
  using value = detail::pickle::value;
  using kind = detail::pickle::kind;

  value const& root() const { return *root_; }
  bool is_legacy() const { return legacy_; }
  /// Globals that the file names and this reader does not interpret.
  std::set<std::string> const& opaque_names() const { return doc_->opaque_names; }

  /// The tensor that a value describes. Throws io_error, beginning with `name`, if it describes none that can be read.
  any_tensor tensor_of(std::string const& name, value const& v) const {
    std::string const who = text(who_, ": ", name);
    if (v.is == kind::opaque) throw io_error(text(who, " is a ", v.text, ", not a tensor; this reader executes nothing"));
    if (v.is != kind::tensor) throw io_error(text(who, " is not a tensor"));
    auto const& a = v.items;
    if (a.size() < 4 || a[0]->is != kind::storage || a[1]->is != kind::integer || a[2]->is != kind::tuple || a[3]->is != kind::tuple)
      throw io_error(text(who, ": ", v.text, " has wrong arguments; expected (storage, offset, size, stride, ...)"));
    auto const s = storage_of(who, *a[0]);
    auto type = s.type;
    if (v.text == "torch._utils._rebuild_tensor_v3" && a.size() > 6 && a[6]->is == kind::opaque) type = type_named(a[6]->text);
    if (!type) throw io_error(text(who, " has elements of ", s.type_name, "; expected a plain float, integer or bool storage"));
    if (!a[1]->text.empty()) throw io_error(text(who, ": storage offset is not a plain integer"));
    index_t const offset = a[1]->integer;
    constexpr index_t most = index_t{1} << 40;
    if (offset < 0 || offset > most) throw io_error(text(who, ": storage offset ", offset, " is out of range"));
    return {who, bytes_, s.begin, s.end, *type, integers(who, *a[2]), offset + s.offset, integers(who, *a[3])};
  }

  friend pth_file parse_pth(std::string const& who, file_bytes const& bytes);

 private:
  struct extent {
    std::size_t begin, end;
  };
  struct storage_place : extent {
    std::optional<dtype> type;
    std::string type_name;
    index_t offset = 0;  // elements, from a legacy view of another storage
  };
  static std::optional<dtype> type_named(std::string_view name) {
    static constexpr std::pair<std::string_view, dtype> names[] = {{"FloatStorage", dtype::float32}, {"DoubleStorage", dtype::float64},
                                                                   {"HalfStorage", dtype::float16},  {"BFloat16Storage", dtype::bfloat16},
                                                                   {"LongStorage", dtype::int64},    {"IntStorage", dtype::int32},
                                                                   {"ShortStorage", dtype::int16},   {"CharStorage", dtype::int8},
                                                                   {"ByteStorage", dtype::uint8},    {"BoolStorage", dtype::boolean},
                                                                   {"float32", dtype::float32},      {"float64", dtype::float64},
                                                                   {"float16", dtype::float16},      {"bfloat16", dtype::bfloat16},
                                                                   {"int64", dtype::int64},          {"int32", dtype::int32},
                                                                   {"int16", dtype::int16},          {"int8", dtype::int8},
                                                                   {"uint8", dtype::uint8},          {"bool", dtype::boolean}};
    if (!name.starts_with("torch.")) return {};
    name.remove_prefix(6);
    for (auto const& [n, t] : names)
      if (n == name) return t;
    return {};
  }
  static std::vector<index_t> integers(std::string const& who, value const& tuple) {
    std::vector<index_t> v;
    for (value const* i : tuple.items) {
      if (i->is != kind::integer || !i->text.empty()) throw io_error(text(who, ": size or stride is not a plain integer"));
      v.push_back(i->integer);
    }
    return v;
  }
  /// ('storage', class, key, location, elements[, view of another storage])
  storage_place storage_of(std::string const& who, value const& id) const {
    auto const& a = id.items;
    if (a.size() > 2 && a[2]->text.size() > detail::pickle::longest_name)
      throw io_error(text(who, ": storage key has ", a[2]->text.size(), " bytes; expected at most ", detail::pickle::longest_name));
    if (a.size() < 5 || a[0]->is != kind::string || a[0]->text != "storage" || a[1]->is != kind::opaque || a[2]->is != kind::string ||
        a[4]->is != kind::integer)
      throw io_error(text(who, ": persistent id is not a PyTorch storage"));
    auto const found = storages_.find(a[2]->text);
    if (found == storages_.end()) throw io_error(text(who, ": storage \"", a[2]->text.substr(0, 200), "\" is not in the file"));
    storage_place place{found->second, type_named(a[1]->text), a[1]->text};
    if (a.size() > 5 && a[5]->is == kind::tuple && a[5]->items.size() == 3 && a[5]->items[1]->is == kind::integer) {
      place.offset = a[5]->items[1]->integer;
      if (place.offset < 0 || place.offset > static_cast<index_t>(bytes_->size()))
        throw io_error(text(who, ": storage view offset ", place.offset, " is out of range"));
    }
    index_t const elements = a[4]->integer, each = place.type ? size_of(*place.type) : 1;
    auto const room = static_cast<index_t>(place.end - place.begin);
    if (elements < 0 || elements > room / each)
      throw io_error(text(who, ": storage claims ", elements, " elements; the file has ", room, " bytes for it"));
    return place;
  }

  void read_zip() {
    auto const bytes = std::span<std::byte const>(*bytes_);
    auto const directory = detail::read_zip_directory(who_, bytes);
    std::optional<std::string> folder;
    for (auto const& [name, entry] : directory) {
      if (!name.ends_with("/data.pkl") && name != "data.pkl") continue;
      if (folder) throw io_error(text(who_, ": has more than one data.pkl"));
      folder = name.substr(0, name.size() - 8);
    }
    if (directory.empty()) throw io_error(text(who_, ": zip archive is empty"));
    auto const root = folder.value_or("");
    if (!folder) throw io_error(text(who_, ": zip archive without data.pkl; this is not a PyTorch weight file"));
    for (auto const& [name, entry] : directory)
      if (name == root + "constants.pkl" || name.starts_with(root + "code/"))
        throw io_error(text(who_, ": is a TorchScript archive; expected weights: save them with torch.save(model.state_dict(), path)"));
    if (auto const order = directory.find(root + "byteorder"); order != directory.end()) {
      detail::check_crc(who_, order->first, order->second, bytes);
      auto const e = order->second;
      std::string const word(reinterpret_cast<char const*>(bytes.data()) + e.begin, std::min<std::size_t>(e.size, 16));
      if (word != "little")
        throw io_error(text(who_, ": byte order is \"", word, "\"; expected little: save the file on a little-endian machine"));
    }
    std::string const prefix = root + "data/";
    for (auto const& [name, entry] : directory)
      if (name.starts_with(prefix)) {
        detail::check_crc(who_, name, entry, bytes);
        storages_.emplace(name.substr(prefix.size()), extent{entry.begin, entry.begin + entry.size});
      }
    auto const entry = directory.at(root + "data.pkl");
    detail::check_crc(who_, root + "data.pkl", entry, bytes);
    detail::byte_reader const in(who_ + ": data.pkl", bytes.subspan(entry.begin, entry.size));
    std::size_t at = 0;
    root_ = detail::pickle::machine(in, *doc_).run(at);
    if (at != in.size()) throw io_error(text(who_, ": data.pkl has ", in.size() - at, " bytes after its end"));
  }

  /// Five pickles, then for each storage its number of elements and its bytes.
  void read_legacy() {
    legacy_ = true;
    detail::byte_reader const in(who_, *bytes_);
    detail::pickle::machine machine(in, *doc_);
    std::size_t at = 0;
    auto const* const magic = machine.run(at);
    static constexpr char expected[] = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    if (magic->is != kind::integer || magic->text != std::string_view(expected, 10))
      throw io_error(text(who_, ": is a pickle, but not one that torch.save wrote"));
    auto const* const protocol = machine.run(at);
    if (protocol->is != kind::integer || protocol->integer != 1001)
      throw io_error(text(who_, ": legacy protocol is not 1001; save the file anew with torch.save"));
    auto const* const system = machine.run(at);
    if (auto const* const little = system->find("little_endian"); little && little->integer == 0)
      throw io_error(text(who_, ": byte order is big; expected little: save the file on a little-endian machine"));
    root_ = machine.run(at);
    auto const* const keys = machine.run(at);
    if (keys->is != kind::list) throw io_error(text(who_, ": the list of storages is missing"));
    std::map<std::string, index_t> sizes;  // bytes an element, from the storage classes seen
    for (value const& v : doc_->values)
      if (v.is == kind::storage && v.items.size() >= 5 && v.items[1]->is == kind::opaque && v.items[2]->is == kind::string &&
          v.items[2]->text.size() <= detail::pickle::longest_name) {
        auto const type = type_named(v.items[1]->text);
        sizes.emplace(v.items[2]->text, type ? size_of(*type) : 0);
      }
    for (value const* key : keys->items) {
      auto const known = key->is == kind::string ? sizes.find(key->text) : sizes.end();
      if (known == sizes.end() || known->second == 0)
        throw io_error(text(who_, ": storage \"", key->text.substr(0, 200), "\" has no known element type, so its length is unknown"));
      auto const elements = in.at<std::int64_t>(at);
      at += 8;
      auto const left = static_cast<index_t>(in.size() - at);
      if (elements < 0 || elements > left / known->second)
        throw io_error(text(who_, ": storage \"", key->text.substr(0, 200), "\" claims ", elements, " elements of ", known->second,
                            " bytes; the file has ", left, " bytes left"));
      auto const size = static_cast<std::size_t>(elements * known->second);
      if (!storages_.emplace(key->text, extent{at, at + size}).second)
        throw io_error(text(who_, ": storage \"", key->text.substr(0, 200), "\" occurs twice"));
      at += size;
    }
    if (at != in.size())
      throw io_error(text(who_, ": ", in.size() - at, " bytes follow the last storage; the file is damaged or made to deceive"));
  }

  std::string who_;
  file_bytes bytes_;
  std::shared_ptr<detail::pickle::document> doc_ = std::make_shared<detail::pickle::document>();
  value* root_ = nullptr;
  bool legacy_ = false;
  std::map<std::string, extent> storages_;
};

/// Reads a PyTorch file from bytes. Throws io_error, beginning with `who`, for anything that is not a whole, plain, little-endian file.
inline pth_file parse_pth(std::string const& who, file_bytes const& bytes) {
  auto const begins = [&](std::string_view magic, std::size_t at = 0) {
    return bytes->size() >= at + magic.size() && std::memcmp(bytes->data() + at, magic.data(), magic.size()) == 0;
  };
  if (bytes->empty()) throw io_error(text(who, ": is empty"));
  pth_file file;
  file.who_ = who;
  file.bytes_ = bytes;
  if (begins("PK"))
    file.read_zip();
  else if (begins("\x80"))
    file.read_legacy();
  else if (begins("7z\xbc\xaf\x27\x1c"))
    throw io_error(text(who, ": is a 7z archive; expected the .pth file inside it"));
  else if (begins("\x1f\x8b"))
    throw io_error(text(who, ": is a gzip archive; expected the .pth file inside it"));
  else if (begins("ustar", 257))
    throw io_error(text(who, ": is a tar archive; expected a .pth file written by torch.save"));
  else
    throw io_error(text(who, ": is neither a PyTorch file (zip or legacy stream) nor safetensors; the first byte is ",
                        static_cast<int>(bytes->front())));
  return file;
}
/// parse_pth of a file. Throws io_error, beginning with the path, also if it cannot be read.
inline pth_file read_pth(std::filesystem::path const& path) { return parse_pth(path.string(), read_file(path)); }

}  // namespace edvr::v1
