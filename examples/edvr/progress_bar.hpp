// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "edvr/core/shape.hpp"

namespace program {

/// Frames done, frames a second and time left, on standard error. Never goes back.
class progress_bar {
 public:
  /// kind: auto (a bar on a terminal), bar or none.
  progress_bar(std::string const& kind, edvr::index_t frames) : frames_(static_cast<double>(frames)), shown_(kind == "bar" || (kind == "auto" && isatty(STDERR_FILENO))) {}
  ~progress_bar() {
    if (printed_) std::fputc('\n', stderr);
  }
  progress_bar(progress_bar const&) = delete;
  progress_bar& operator=(progress_bar const&) = delete;

  /// done: frames, with the fraction of the current one.
  void show(double done) {
    if (!shown_) return;
    done_ = std::max(done_, std::min(done, frames_));
    double const seconds = elapsed(), rate = done_ / std::max(seconds, 1e-9);
    constexpr int width = 30;
    int const filled = static_cast<int>(width * done_ / frames_);
    std::string bar(static_cast<std::size_t>(filled), '#');
    bar.resize(width, '-');
    char left[32] = "";
    if (done_ > 0) std::snprintf(left, sizeof left, "%.0f s left", (frames_ - done_) / rate);
    std::fprintf(stderr, "\r[%s] %d/%d frames  %.2f frames/s  %-14s", bar.c_str(), static_cast<int>(done_), static_cast<int>(frames_), rate, left);
    std::fflush(stderr);
    printed_ = true;
  }
  double elapsed() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  double frames_, done_ = 0;
  bool shown_, printed_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace program
