// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "edvr/core/shape.hpp"

namespace program {

/// Frames done, frames a second and time left, on standard error: a bar for people, or lines of JSON for programs. Never goes back.
class progress_bar {
 public:
  /// kind: auto (a bar on a terminal), bar, json or none. frames: unknown for a stream.
  progress_bar(std::string const& kind, std::optional<edvr::index_t> frames)
      : frames_(frames ? static_cast<double>(*frames) : -1),
        bar_(kind == "bar" || (kind == "auto" && isatty(STDERR_FILENO))),
        json_(kind == "json") {}
  ~progress_bar() { end(); }
  progress_bar(progress_bar const&) = delete;
  progress_bar& operator=(progress_bar const&) = delete;

  /// done: frames, with the fraction of the current one.
  void show(double done) {
    done_ = std::max(done_, frames_ > 0 ? std::min(done, frames_) : done);
    double const seconds = elapsed(), rate = done_ / std::max(seconds, 1e-9),
                 left = frames_ > 0 && done_ > 0 ? (frames_ - done_) / rate : -1;
    if (json_) print_json(seconds, left);
    if (!bar_) return;
    if (frames_ > 0) {
      constexpr int width = 30;
      std::string bar(static_cast<std::size_t>(width * done_ / frames_), '#');
      bar.resize(width, '-');
      char time[32] = "";
      if (left >= 0) std::snprintf(time, sizeof time, "%.0f s left", left);
      std::fprintf(stderr, "\r[%s] %.0f/%.0f frames  %.2f frames/s  %-14s", bar.c_str(), std::floor(done_), frames_, rate, time);
    } else {
      std::fprintf(stderr, "\r%.0f frames  %.2f frames/s  ", std::floor(done_), rate);
    }
    std::fflush(stderr);
    printed_ = true;
  }
  /// Ends the bar's line, so that what follows has one of its own.
  void end() {
    if (std::exchange(printed_, false)) std::fputc('\n', stderr);
  }
  double elapsed() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  /// A line for every tenth of a frame: {"frames_done": 2.5, "frames": 11,
  /// "seconds": 1.25, "seconds_left": 4.25}; what is not known is null.
  void print_json(double seconds, double left) {
    auto const tenths = static_cast<long>(10 * done_);
    if (tenths == told_) return;
    told_ = tenths;
    char all[24] = "null", wait[24] = "null";
    if (frames_ >= 0) std::snprintf(all, sizeof all, "%.0f", frames_);
    if (left >= 0) std::snprintf(wait, sizeof wait, "%.2f", left);
    std::fprintf(stderr, "{\"frames_done\": %.2f, \"frames\": %s, \"seconds\": %.2f, \"seconds_left\": %s}\n", done_, all, seconds, wait);
    std::fflush(stderr);
  }

  double frames_, done_ = 0;  // frames_: below 0 if unknown
  bool bar_, json_, printed_ = false;
  long told_ = -1;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace program
