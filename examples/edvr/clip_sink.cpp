// SPDX-License-Identifier: Apache-2.0
#include "clip_sink.hpp"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <deque>
#include <future>
#include <optional>

#include "byte_stream.hpp"
#include "edvr/io/png.hpp"
#include "edvr/model/video.hpp"

namespace program {

namespace {
using namespace edvr;

/// Tasks that end in the order in which they began, a few of them at once.
class task_queue {
 public:
  explicit task_queue(int most) : most_(static_cast<std::size_t>(most)) {}
  /// f(turn): turn() returns when every task before has ended. Waits while too many are under way. Throws what an earlier one threw.
  template <class F>
  void start(F f) {
    while (!going_.empty() && (going_.size() >= most_ || going_.front().wait_for(std::chrono::seconds(0)) == std::future_status::ready))
      settle();
    auto before = going_.empty() ? std::shared_future<void>() : going_.back();
    going_.push_back(std::async(std::launch::async, [f = std::move(f), before = std::move(before)]() mutable {
                       f([&] {
                         if (before.valid()) before.get();
                       });
                       before = {};  // or each would keep all that went before
                     }).share());
  }
  void finish() {
    while (!going_.empty()) settle();
  }

 private:
  void settle() {
    auto const first = going_.front();
    going_.pop_front();
    first.get();
  }
  std::size_t most_;
  std::deque<std::shared_future<void>> going_;  // the last handle of each waits for it
};

class pictures final : public clip_sink {
 public:
  pictures(std::function<std::optional<fs::path>(index_t)> path_of, int bits, int savers)
      : path_of_(std::move(path_of)), bits_(bits), going_(savers) {}
  void write(index_t number, tensor<float, 3> frame) override {
    auto const path = path_of_(number);
    if (!path) return;
    going_.start([path = *path, bits = bits_, frame = std::move(frame)](auto const&) mutable {
      cpu_executor const here{.threads = 1};
      auto const file = bits == 16 ? encode_png(path.string(), to_16bit(frame, here)) : encode_png(path.string(), to_8bit(frame, here));
      frame = {};
      write_file(path, {std::span<std::byte const>(file)});
    });
  }
  void finish() override { going_.finish(); }

 private:
  std::function<std::optional<fs::path>(index_t)> path_of_;
  int bits_;
  task_queue going_;
};

class stream final : public clip_sink {
 public:
  stream(std::string const& argument, y4m_header const& header, color_matrix matrix, bool overwrite, int savers)
      : path_(argument), partial_(argument), header_(header), matrix_(matrix), overwrite_(overwrite), going_(savers) {
    if (argument == "-") {
      if (isatty(STDOUT_FILENO))
        throw io_error("standard output: is a terminal; a y4m stream goes into a pipe or a file: edvr restore -i - -o - | ffmpeg -i - ...");
    } else {
      std::error_code failure;
      if (fs::is_directory(argument, failure)) throw io_error(text(argument, ": is a folder; expected the name of a y4m file"));
      bool const pipe = fs::exists(argument, failure) && !fs::is_regular_file(argument, failure);
      if (!pipe) refuse_existing();
      if (!pipe) {
        auto const folder = fs::path(argument).parent_path();
        if (!folder.empty()) make_folder(folder);
        auto const name = fs::path(argument).filename().string();
        partial_ = (folder / text(name.size() > longest ? "" : name, '.', static_cast<long>(getpid()), '-',
                                  std::chrono::steady_clock::now().time_since_epoch().count(), ".partial"))
                       .string();
      }
    }
    file_.emplace(byte_stream::output(partial_, argument));
  }
  ~stream() override {
    abandoned_ = true;
    if (file_) file_->stop();  // a reader that has stalled would keep the reason from being told
    try {
      going_.finish();
    } catch (...) {  // the reason is under way already
    }
    file_.reset();
    if (!finished_ && partial_ != path_) std::remove(partial_.c_str());
  }
  void write(index_t, tensor<float, 3> frame) override {
    going_.start([this, frame = std::move(frame)](auto const& turn) mutable {
      if (abandoned_) return;
      auto const planes = y4m_from_rgb(header_, frame, matrix_);
      frame = {};
      turn();
      if (abandoned_) return;
      begin();
      file_->write("FRAME\n", 6);
      file_->write(planes.data(), planes.size());
    });
  }
  void finish() override {
    going_.finish();
    begin();
    file_->close();
    if (partial_ != path_) {
      refuse_existing();
      std::error_code failure;
      fs::rename(partial_, path_, failure);
      if (failure) throw io_error(text(path_, ": cannot be written (", failure.message(), ")"));
    }
    finished_ = true;
  }
  bool writes(std::string const& path) const override { return file_->is_file(path); }

 private:
  void refuse_existing() const {
    std::error_code failure;
    if (!fs::exists(path_, failure) && fs::is_symlink(fs::symlink_status(path_, failure)))
      throw io_error(text(path_, ": is a link to nothing, which the result would replace; remove it or choose another output"));
    if (!overwrite_ && fs::exists(path_, failure))
      throw io_error(text(path_, ": exists; remove it, choose another output, or allow --overwrite"));
  }
  void begin() {
    if (std::exchange(begun_, true)) return;
    auto const line = y4m_header_line(header_);
    file_->write(line.data(), line.size());
  }

  static constexpr std::size_t longest = 200;  // name that takes a suffix
  std::string path_, partial_;
  y4m_header header_;
  color_matrix matrix_;
  bool overwrite_, begun_ = false, finished_ = false;
  std::atomic<bool> abandoned_{false};
  std::optional<byte_stream> file_;
  task_queue going_;
};
}  // namespace

std::unique_ptr<clip_sink> picture_sink(std::function<std::optional<fs::path>(index_t)> path_of, int bits, int savers) {
  return std::make_unique<pictures>(std::move(path_of), bits, savers);
}
std::unique_ptr<clip_sink> stream_sink(std::string const& argument, y4m_header const& header, color_matrix matrix, bool overwrite,
                                       int savers) {
  return std::make_unique<stream>(argument, header, matrix, overwrite, savers);
}

}  // namespace program
