// SPDX-License-Identifier: Apache-2.0
// Whole files in memory, and files that appear complete or not at all.
#pragma once
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <ios>
#include <memory>
#include <span>
#include <system_error>
#include <thread>
#include <vector>

#include "edvr/core/error.hpp"

namespace edvr::inline v1 {

/// Bytes that every tensor read from them shares.
using file_bytes = std::shared_ptr<std::vector<std::byte> const>;

/// The whole of a regular file. Throws io_error, with the path, if it is missing, unreadable, a folder, a pipe, larger than most_bytes (16
/// GiB unless given), or changes while it is read.
inline file_bytes read_file(std::filesystem::path const& path, std::uintmax_t most_bytes = std::uintmax_t{1} << 34) {
  std::error_code failure;
  auto const status = std::filesystem::status(path, failure);
  if (failure || status.type() == std::filesystem::file_type::not_found)
    throw io_error(
        text(path.string(), ": ", failure && failure != std::errc::no_such_file_or_directory ? failure.message() : "no such file"));
  if (status.type() == std::filesystem::file_type::directory) throw io_error(text(path.string(), ": is a folder; expected a file"));
  if (status.type() != std::filesystem::file_type::regular)
    throw io_error(text(path.string(), ": is a pipe or device; expected a regular file"));
  auto const size = std::filesystem::file_size(path, failure);
  if (failure) throw io_error(text(path.string(), ": ", failure.message()));
  if (size > most_bytes) throw io_error(text(path.string(), ": has ", size, " bytes; expected at most ", most_bytes));
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) throw io_error(text(path.string(), ": cannot be opened (", std::strerror(errno), ")"));
  auto bytes = std::make_shared<std::vector<std::byte>>(static_cast<std::size_t>(size));
  in.read(reinterpret_cast<char*>(bytes->data()), static_cast<std::streamsize>(size));
  if (static_cast<std::uintmax_t>(in.gcount()) != size || in.peek() != std::ifstream::traits_type::eof())
    throw io_error(text(path.string(), ": changed its size from ", size, " bytes while it was read; try again"));
  return bytes;
}

/// Writes the pieces to a temporary name beside `path` and renames it, so that a reader never sees half a file. Throws io_error; then
/// neither `path` nor the temporary has changed or stayed.
inline void write_file(std::filesystem::path const& path, std::initializer_list<std::span<std::byte const>> pieces) {
  std::error_code failure;
  auto const existing = std::filesystem::status(path, failure).type();
  if (existing != std::filesystem::file_type::not_found && existing != std::filesystem::file_type::none &&
      existing != std::filesystem::file_type::regular)
    throw io_error(text(path.string(), ": is a folder, pipe or device; expected the name of a file to write"));
  if (existing == std::filesystem::file_type::not_found && std::filesystem::is_symlink(std::filesystem::symlink_status(path, failure)))
    throw io_error(text(path.string(), ": is a link to nothing, which the result would replace; remove it or choose another name"));
  constexpr std::size_t longest = 200;  // name that takes a suffix
  auto const whole = path.string(), name = path.filename().string();
  auto const number = static_cast<unsigned>(std::hash<std::thread::id>{}(std::this_thread::get_id()) ^
                                            static_cast<std::size_t>(std::chrono::steady_clock::now().time_since_epoch().count()));
  // Not by replace_filename: libstdc++'s leaves a path that cannot be destroyed where memory ends in it.
  std::filesystem::path const partial(
      text(whole.substr(0, whole.size() - name.size()), name.size() > longest ? "" : name, '.', number, ".partial"));
  struct cleaner {  // whatever happens, no rest of a file stays
    std::filesystem::path const& file;
    bool there = true;
    ~cleaner() {
      if (there) std::remove(file.c_str());
    }
  } rest{partial};
  errno = 0;
  bool ok;
  {
    std::ofstream out(partial, std::ios::binary | std::ios::trunc);
    ok = out.is_open();
    for (auto const& piece : pieces)
      ok = ok && out.write(reinterpret_cast<char const*>(piece.data()), static_cast<std::streamsize>(piece.size()));
    out.close();
    ok = ok && !out.fail();
  }
  char const* reason = ok ? nullptr : errno ? std::strerror(errno) : "write failed";
  if (ok) {
    if (std::rename(partial.c_str(), path.c_str()) == 0)
      rest.there = false;
    else
      reason = std::strerror(errno);
  }
  if (reason)
    throw io_error(text(path.string(), ": cannot be written (", reason, "); check the folder, its permissions and the free space"));
}

}  // namespace edvr::v1
