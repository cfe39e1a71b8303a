// SPDX-License-Identifier: Apache-2.0
#include "clip_sink.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <future>

#include "edvr/io/png.hpp"
#include "edvr/model/video.hpp"

namespace program {

namespace {
using namespace edvr;

class pictures final : public clip_sink {
 public:
  pictures(std::function<fs::path(index_t)> path_of, int bits, int savers) : path_of_(std::move(path_of)), bits_(bits), savers_(static_cast<std::size_t>(savers)) {}
  void write(index_t number, tensor<float, 3> frame) override {
    while (going_.size() >= savers_) settle();
    going_.push_back(std::async(std::launch::async, [path = path_of_(number), bits = bits_, frame = std::move(frame)] {
      cpu_executor const here{.threads = 1};
      if (bits == 16)
        write_png(path, to_16bit(frame, here));
      else
        write_png(path, to_8bit(frame, here));
    }));
  }
  void finish() override {
    while (!going_.empty()) settle();
  }

 private:
  void settle() {
    auto first = std::move(going_.front());
    going_.pop_front();
    first.get();
  }
  std::function<fs::path(index_t)> path_of_;
  int bits_;
  std::size_t savers_;
  std::deque<std::future<void>> going_;
};

class stream final : public clip_sink {
 public:
  stream(std::string const& argument, y4m_header const& header, color_matrix matrix, bool overwrite, int savers) : path_(argument), header_(header), matrix_(matrix), savers_(static_cast<std::size_t>(savers)) {
    std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an error in words
    if (argument == "-") {
      if (isatty(STDOUT_FILENO)) throw io_error("standard output: is a terminal; a y4m stream goes into a pipe or a file: edvr restore -i - -o - | ffmpeg -i - ...");
      file_ = stdout;
    } else {
      std::error_code failure;
      if (fs::is_directory(argument, failure)) throw io_error(text(argument, ": is a folder; expected the name of a y4m file"));
      if (!overwrite && fs::exists(argument, failure)) throw io_error(text(argument, ": exists; remove it, choose another output, or allow --overwrite"));
      bool const plain = !fs::exists(argument, failure) || fs::is_regular_file(argument, failure);  // a named pipe is written as it is
      partial_ = plain ? text(argument, '.', static_cast<long>(getpid()), ".partial") : argument;
      errno = 0;
      file_ = std::fopen(partial_.c_str(), "wb");
      if (!file_) throw io_error(text(argument, ": cannot be written (", std::strerror(errno), ")"));
    }
  }
  ~stream() override {
    going_.clear();  // waits
    if (path_ == "-" || !file_) return;
    std::fclose(file_);
    if (partial_ != path_) std::remove(partial_.c_str());
  }
  void write(index_t, tensor<float, 3> frame) override {
    while (going_.size() >= savers_) settle();
    going_.push_back(std::async(std::launch::async, [this, frame = std::move(frame)] { return y4m_from_rgb(header_, frame, matrix_); }));
  }
  void finish() override {
    while (!going_.empty()) settle();
    begin();  // no frames: a header alone
    if (std::fflush(file_) != 0) fail();
    if (path_ == "-") return;
    auto* const f = std::exchange(file_, nullptr);
    if (std::fclose(f) != 0) {
      std::remove(partial_.c_str());
      fail();
    }
    std::error_code failure;
    if (partial_ != path_) fs::rename(partial_, path_, failure);
    if (failure) throw io_error(text(path_, ": cannot be written (", failure.message(), ")"));
  }

 private:
  [[noreturn]] void fail() const {
    throw io_error(text(path_ == "-" ? "standard output" : path_, ": cannot be written (", errno == EPIPE ? "its reader has gone" : std::strerror(errno), ")"));
  }
  void put(void const* data, std::size_t n) {
    errno = 0;
    if (std::fwrite(data, 1, n, file_) != n) fail();
  }
  void begin() {
    if (std::exchange(begun_, true)) return;
    auto const line = y4m_header_line(header_);
    put(line.data(), line.size());
  }
  void settle() {
    auto first = std::move(going_.front());
    going_.pop_front();
    auto const planes = first.get();
    begin();
    put("FRAME\n", 6);
    put(planes.data(), planes.size());
    if (path_ == "-" && std::fflush(file_) != 0) fail();  // the next program need not wait
  }

  std::string path_, partial_;
  y4m_header header_;
  color_matrix matrix_;
  std::size_t savers_;
  std::FILE* file_ = nullptr;
  bool begun_ = false;
  std::deque<std::future<std::vector<std::byte>>> going_;
};
}  // namespace

std::unique_ptr<clip_sink> picture_sink(std::function<fs::path(index_t)> path_of, int bits, int savers) { return std::make_unique<pictures>(std::move(path_of), bits, savers); }
std::unique_ptr<clip_sink> stream_sink(std::string const& argument, y4m_header const& header, color_matrix matrix, bool overwrite, int savers) {
  return std::make_unique<stream>(argument, header, matrix, overwrite, savers);
}

}  // namespace program
