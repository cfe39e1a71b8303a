// SPDX-License-Identifier: Apache-2.0
#include "clip_source.hpp"

#include <algorithm>
#include <cctype>
#include <deque>
#include <future>

#include "byte_stream.hpp"
#include "edvr/model/video.hpp"
#include "interrupt.hpp"
#include "read_picture.hpp"

namespace program {

namespace {
using namespace edvr;

class picture_source final : public clip_source {
 public:
  picture_source(frame_list frames, int ahead, std::string argument)
      : frames_(std::move(frames)), ahead_(static_cast<std::size_t>(ahead)), argument_(std::move(argument)) {}
  void measure(index_t frame) override { measured_ = static_cast<std::size_t>(frame); }
  pair size() override {
    look();
    return size_;
  }
  int bits() override {
    look();
    return bits_;
  }
  std::optional<index_t> length() const override { return static_cast<index_t>(frames_.paths.size()); }
  void seek(index_t frame) override {
    coming_.clear();
    begun_ = static_cast<std::size_t>(frame);
  }
  std::optional<tensor<float, 3>> next() override {
    begin();
    if (coming_.empty()) return {};
    auto first = std::move(coming_.front());
    coming_.pop_front();
    auto frame = first.get();
    begin();  // what comes next is decoded while the caller works on this one
    return frame;
  }
  std::string name(index_t frame) const override { return frames_.paths.at(static_cast<std::size_t>(frame)).string(); }
  std::string name() const override { return argument_; }
  frame_list const* pictures() const override { return &frames_; }

 private:
  void begin() {
    while (coming_.size() < ahead_ && begun_ < frames_.paths.size())
      coming_.push_back(std::async(std::launch::async, decode, frames_.paths[begun_++]));
  }
  static tensor<float, 3> decode(fs::path const& path) { return read_picture<float>(path, nullptr, {.threads = 1}); }
  void look() {
    if (bits_ > 0) return;
    auto const shape = read_picture<float>(frames_.paths[measured_], &bits_).shape();
    size_ = {shape[1], shape[2]};
  }

  frame_list frames_;
  std::size_t ahead_, begun_ = 0, measured_ = 0;
  std::string argument_;
  std::deque<std::future<tensor<float, 3>>> coming_;
  int bits_ = 0;
  pair size_ = 0;
};

/// One frame is read and converted while the caller works on another.
class stream_source final : public clip_source {
 public:
  stream_source(std::string const& argument, color_options const& colors)
      : file_(byte_stream::input(argument)),
        reader_(file_.name(), [this](std::byte* to, std::size_t n) { return file_.read(to, n); }),
        header_(reader_.header()) {
    if (colors.range != "auto") header_.full_range = colors.range == "full";
    matrix_ = colors.matrix_for(header_.height);
  }
  ~stream_source() override {
    file_.stop();
    if (coming_.valid()) coming_.wait();
  }
  pair size() override { return {header_.height, header_.width}; }
  int bits() override { return header_.bits; }
  std::optional<index_t> length() const override { return {}; }
  void seek(index_t frame) override {
    if (begun_ > frame) throw io_error(text(name(), ": is a stream, which cannot go back to frame ", frame));
    for (; begun_ < frame; ++begun_) {
      stop_if_interrupted();
      if (!reader_.next()) return;
    }
  }
  std::optional<tensor<float, 3>> next() override {
    if (!coming_.valid()) begin();
    auto frame = coming_.get();
    if (frame) begin();
    return frame;
  }
  std::string name(index_t frame) const override { return text(name(), ": frame ", frame); }
  std::string name() const override { return file_.name(); }
  y4m_header const* header() const override { return &header_; }
  bool reads(std::string const& path) const override { return file_.is_file(path); }

 private:
  void begin() {
    coming_ = std::async(std::launch::async, [this, number = begun_++]() -> std::optional<tensor<float, 3>> {
      auto const planes = reader_.next();
      if (!planes) return {};
      try {
        return y4m_to_rgb<float>(header_, *planes, matrix_);
      } catch (io_error const& e) {
        throw io_error(text(name(number), ": ", e.what()));
      }
    });
  }

  byte_stream file_;
  y4m_reader reader_;
  y4m_header header_;
  color_matrix matrix_ = color_matrix::bt601;
  index_t begun_ = 0;
  std::future<std::optional<tensor<float, 3>>> coming_;
};
}  // namespace

bool is_stream(std::string const& argument) {
  auto const dot = argument.rfind('.');
  std::string suffix = dot == std::string::npos ? "" : argument.substr(dot);
  std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (auto video : {".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v", ".ts"})
    if (suffix == video && !fs::is_directory(argument))
      throw io_error(edvr::text(
          argument,
          ": compressed video is ffmpeg's part; pipe it as y4m: ffmpeg -i clip.mp4 -f yuv4mpegpipe -strict -1 - | edvr restore -i - -o - | ffmpeg -i - restored.mp4"));
  return argument == "-" || suffix == ".y4m";
}

std::unique_ptr<clip_source> open_clip(std::string const& argument, int ahead, color_options const& colors) {
  if (is_stream(argument)) return std::make_unique<stream_source>(argument, colors);
  return std::make_unique<picture_source>(list_frames(argument), ahead, argument);
}

}  // namespace program
