// SPDX-License-Identifier: Apache-2.0
#include "byte_stream.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "edvr/core/error.hpp"
#include "interrupt.hpp"

namespace program {

namespace {
using edvr::io_error;
constexpr int patience = 100;      // milliseconds between looks at whether anybody still waits
constexpr int last_chance = 2000;  // and for a reader to take what is left for it, once nothing will follow

bool is_pipe(int descriptor) {
  struct stat s{};
  return fstat(descriptor, &s) == 0 && (S_ISFIFO(s.st_mode) || S_ISSOCK(s.st_mode) || S_ISCHR(s.st_mode));
}
[[noreturn]] void fail(std::string const& name, char const* what) {
  throw io_error(edvr::text(name, ": ", what, " (", errno == EPIPE ? "its reader has gone" : std::strerror(errno), ")"));
}
}  // namespace

byte_stream::byte_stream(byte_stream&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      owned_(std::exchange(other.owned_, false)),
      stopped_(other.stopped_.load()) {}
byte_stream::~byte_stream() {
  if (owned_ && descriptor_ >= 0) ::close(descriptor_);
}

byte_stream byte_stream::input(std::string const& argument) {
  if (argument == "-") return {"standard input", STDIN_FILENO, false};
  // A pipe that nobody writes yet opens at once, and is waited for where that can be ended.
  int const d = open(argument.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (d < 0) fail(argument, "cannot be opened");
  byte_stream s(argument, d, true);
  struct stat kind{};
  if (fstat(d, &kind) == 0 && S_ISDIR(kind.st_mode)) throw io_error(edvr::text(argument, ": is a folder; expected a y4m stream"));
  return s;
}
byte_stream byte_stream::output(std::string const& argument, std::string name) {
  int const fresh = name.empty() || name == argument ? O_TRUNC : O_EXCL;  // a file under another name first is nobody else's, and no link
  if (name.empty()) name = argument;
  if (argument == "-") return {"standard output", STDOUT_FILENO, false};
  for (;;) {
    struct stat kind{};
    bool const fifo = stat(argument.c_str(), &kind) == 0 && S_ISFIFO(kind.st_mode);
    int const d = open(argument.c_str(), O_WRONLY | O_CLOEXEC | (fifo ? O_NONBLOCK : O_CREAT | fresh), 0666);
    if (d >= 0) {
      if (fifo) fcntl(d, F_SETFL, fcntl(d, F_GETFL) & ~O_NONBLOCK);
      return {name, d, true};
    }
    if (!fifo || errno != ENXIO) fail(name, "cannot be written");
    stop_if_interrupted();  // a pipe without a reader yet
    std::this_thread::sleep_for(std::chrono::milliseconds(patience));
  }
}

void byte_stream::wait(short events) const {
  if (!is_pipe(descriptor_)) return;
  for (int waited = 0;; waited += patience) {
    stop_if_interrupted();
    if (stopped_ && (events == POLLIN || waited >= last_chance)) throw edvr::cancelled("nobody waits for these bytes");
    pollfd p{descriptor_, events, 0};
    int const n = poll(&p, 1, patience);
    if (n > 0) return;
    if (n < 0 && errno != EINTR) fail(name_, "cannot be waited for");
  }
}
std::size_t byte_stream::read(std::byte* to, std::size_t n) {
  std::size_t got = 0;
  while (got < n) {
    wait(POLLIN);
    ssize_t const r = ::read(descriptor_, to + got, std::min(n - got, std::size_t{1} << 30));
    if (r < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (r < 0) fail(name_, "cannot be read");
    if (r == 0) break;
    got += static_cast<std::size_t>(r);
  }
  return got;
}
void byte_stream::write(void const* from, std::size_t n) {
  auto const* p = static_cast<char const*>(from);
  // What a pipe that says there is room takes without waiting (PIPE_BUF).
  std::size_t const most = is_pipe(descriptor_) ? 4096 : std::size_t{1} << 30;
  while (n > 0) {
    wait(POLLOUT);
    ssize_t const w = ::write(descriptor_, p, std::min(n, most));
    if (w < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (w < 0) fail(name_, "cannot be written");
    p += w, n -= static_cast<std::size_t>(w);
  }
}
void byte_stream::close() {
  if (owned_ && ::close(std::exchange(descriptor_, -1)) != 0) fail(name_, "cannot be written");
}
bool byte_stream::is_file(std::string const& path) const {
  struct stat a{}, b{};
  return fstat(descriptor_, &a) == 0 && stat(path.c_str(), &b) == 0 && S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace program
