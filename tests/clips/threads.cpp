// SPDX-License-Identifier: Apache-2.0
// The program's own threads: frames are decoded before they are asked for, and encoded after the caller has gone on.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "clip_sink.hpp"
#include "clip_source.hpp"
#include "edvr/io/png.hpp"
#include "files.hpp"
#include "support.hpp"
using namespace edvr;

namespace {
constexpr index_t side = 96;
constexpr std::int64_t frame_bytes = 3 * side * side * static_cast<std::int64_t>(sizeof(float));
y4m_header header() { return {.width = side, .height = side, .sampling = chroma::yuv444, .bits = 8}; }
tensor<float, 3> frame(index_t i) { return uniform<float>({3, side, side}, static_cast<std::uint64_t>(i + 1)); }

/// A folder that goes with the test.
struct folder {
  std::filesystem::path path = files::temporary("clips");
  folder() {
    std::filesystem::remove_all(path);
    std::filesystem::create_directory(path);
  }
  ~folder() { std::filesystem::remove_all(path); }
  folder(folder const&) = delete;
  std::string operator/(std::string const& name) const { return (path / name).string(); }
};
/// Does it become true, while nobody does anything for it here?
bool soon(std::function<bool()> const& is_true) {
  for (auto const until = std::chrono::steady_clock::now() + std::chrono::seconds(30); std::chrono::steady_clock::now() < until;) {
    if (is_true()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}
/// Takes one frame of six and computes nothing: so many more come into being by themselves.
void decodes_ahead(program::clip_source& source, index_t ahead) {
  auto const before = host_memory.bytes.load();
  auto const first = source.next();
  REQUIRE(first);
  CHECK(soon([&] { return host_memory.bytes.load() - before >= (1 + ahead) * frame_bytes; }));
  for (index_t i = 1; i < 6; ++i) CHECK(source.next().value().shape() == shape<3>{{3, side, side}});
  CHECK_FALSE(source.next());
}
std::string contents(std::string const& path) { return files::text_of(read_file(path)); }
}  // namespace

TEST_CASE("pictures are decoded ahead of the caller, as many as he says") {
  folder const at;
  for (index_t i = 0; i < 6; ++i) write_png(at / (std::to_string(i) + ".png"), to_8bit(frame(i)));
  for (int ahead : {1, 3}) decodes_ahead(*program::open_clip(at.path.string(), ahead, {}), ahead);
  auto const left = program::open_clip(at.path.string(), 3, {});  // and is left with frames under way, and sought away from them
  (void)left->next();
  left->seek(4);
  CHECK(left->next());
}
TEST_CASE("a stream is decoded one frame ahead of the caller") {
  folder const at;
  auto const sink = program::stream_sink(at / "in.y4m", header(), color_matrix::bt601, false, 2);
  for (index_t i = 0; i < 6; ++i) sink->write(i, frame(i));
  sink->finish();
  decodes_ahead(*program::open_clip(at / "in.y4m", 1, {}), 1);
}
TEST_CASE("pictures are encoded and written behind the caller") {
  folder const at;
  auto const path_of = [&](index_t i) { return std::optional(std::filesystem::path(at / (std::to_string(i) + ".png"))); };
  auto const sink = program::picture_sink(path_of, 8, 2);
  for (index_t i = 0; i < 2; ++i) sink->write(i, frame(i));
  CHECK(soon([&] { return std::filesystem::exists(*path_of(0)) && std::filesystem::exists(*path_of(1)); }));
  sink->finish();
  CHECK(allclose(read_image(*path_of(1)), to_8bit(frame(1)), 0, 0));
}
TEST_CASE("a stream is written behind the caller, who does not wait for its reader") {
  folder const at;
  auto const whole = program::stream_sink(at / "whole.y4m", header(), color_matrix::bt601, false, 1);
  whole->write(0, frame(0)), whole->finish();
  auto const want = contents(at / "whole.y4m");

  auto const pipe = at / "pipe.y4m";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  int const reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(reader >= 0);
  fcntl(reader, F_SETPIPE_SZ, 4096);  // less than a frame
  auto const sink = program::stream_sink(pipe, header(), color_matrix::bt601, false, 1);
  sink->write(0, frame(0));  // returns, though nobody reads
  std::string got;
  CHECK(soon([&] {  // and all of it comes, though nobody asks for it
    char some[4096];
    for (ssize_t n; (n = read(reader, some, sizeof some)) > 0;) got.append(some, static_cast<std::size_t>(n));
    return got.size() == want.size();
  }));
  sink->finish();
  CHECK(got == want);
  close(reader);
}
