// SPDX-License-Identifier: Apache-2.0
// Clips, frame by frame: windows, features kept from one to the next, two stages. Memory does not grow with the length of the clip.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "edvr/model/restore_window.hpp"
#include "edvr/model/pixels.hpp"

namespace edvr::inline v1 {

/// Takes the frames of a clip one by one and gives restored frames back, one for each, in order:
///   for (each frame) { restorer.push(frame); while (auto y = restorer.pop()) use(*y); }
///   restorer.finish(); while (auto y = restorer.pop()) use(*y);
/// Holds the frames of a window and of the wait for its last one, fewer than twice num_frame, and the features of one window. Frames are
/// host tensors, whatever the memory S in which the network works.
template <class T, class S = cpu>
class video_restorer {
 public:
  using value = arithmetic_t<T>;  // of frames
  explicit video_restorer(nn::edvr_net<T, S> net, video_options<value, S> options = {})
      : net_(std::move(net)), split_(net_.pcd_align), options_(std::move(options)) {}

  /// frame (3, h, w), RGB in [0, 1], all of one size. The restorer keeps
  /// the handle: do not write to the frame afterwards. Throws shape_error, and error after finish().
  void push(tensor<value, 3> frame) {
    auto const s = frame.shape();
    if (finished_) throw error("video_restorer: push after finish; make a new one for the next clip");
    if (s[0] != 3 || s[1] < 1 || s[2] < 1)
      throw shape_error(text("video_restorer: frame ", received_, " has shape ", s, "; expected (3, h, w)"));
    if (size_[0] != 0 && !(s == size_))
      throw shape_error(
          text("video_restorer: frame ", received_, " has shape ", s, "; expected ", size_, ", the size of the frames before"));
    kept_.push_back(to<S>(frame, options_.forward.executor));
    size_ = s;
    ++received_;
  }
  /// Restores from this frame on. Returns the first frame to push (the windows reach back). Throws error after a push, or below frame 0.
  index_t seek(index_t frame) {
    if (size_[0] != 0 || frame < 0)
      throw error(text("video_restorer: seek to frame ", frame, size_[0] != 0 ? " after a push" : "",
                       "; expected a frame of at least 0, before the first push"));
    given_ = frame;
    return dropped_ = received_ = std::max<index_t>(0, frame - (net_.config.num_frame - 1));
  }
  /// No more frames will come.
  void finish() { finished_ = true; }
  /// The next restored frame (3, scale h, scale w), not clamped, if the frames it needs are here. Throws numeric_error, naming the frame,
  /// if the result is not finite, and what the network throws.
  std::optional<tensor<value, 3>> pop() {
    if (!is_ready()) return {};
    // While the clip goes on its end is not in this window, so any length beyond the frames received does.
    auto const frames = window_frames(given_, finished_ ? received_ : received_ + net_.config.num_frame, frame_window(), options_.padding);
    bool const cached = options_.cache && !options_.ensemble && !options_.in_tiles();
    auto const y = to<cpu>(squeeze(cached ? from_features(frames) : from_window(frames), 0), options_.forward.executor);
    index_t bad = 0;
    for (index_t i = 0, n = y.size(); i < n; ++i) bad += !std::isfinite(y.data()[i]);
    if (bad)
      throw numeric_error(text("frame ", given_, ": ", bad, " of ", y.size(),
                               " restored values are not finite; the input or the weights hold NaN, infinity or huge values"));
    ++given_;
    while (dropped_ < given_ - (net_.config.num_frame - 1) && !kept_.empty()) kept_.pop_front(), ++dropped_;
    // The last windows of a clip may want older ones again.
    features_.erase(features_.begin(), features_.lower_bound(given_ - frame_window().center));
    return y;
  }
  /// Number of the frame that pop() gives next.
  index_t next_frame() const { return given_; }
  /// Was the clip too short for the padding asked for, so that end frames are repeated instead? Known after finish().
  bool fell_back() const { return finished_ && received_ > 0 && !is_possible(options_.padding, frame_window(), received_); }
  nn::edvr_net<T, S> const& net() const { return net_; }
  /// What works on frames outside the network: its own executor, if that is the host's.
  cpu_executor host_executor() const {
    if constexpr (std::is_same_v<S, cpu>)
      return options_.forward.executor;
    else
      return {};
  }

 private:
  window frame_window() const { return {net_.config.num_frame, net_.config.center()}; }
  bool is_ready() const {
    if (given_ >= received_) return false;
    if (finished_) return true;
    bool const at_start = given_ < frame_window().center;  // its window may reach as far as frame num_frame - 1
    return given_ + frame_window().after() < received_ && (!at_start || received_ >= net_.config.num_frame);
  }

  tensor<value, 3, S> const& frame(index_t number) const { return kept_.at(static_cast<std::size_t>(number - dropped_)); }
  /// All of the window anew.
  tensor<value, 4, S> from_window(std::vector<index_t> const& frames) const {
    auto const x = empty<value, S>(coord<5>{{1, net_.config.num_frame, 3, size_[1], size_[2]}});
    for (std::size_t t = 0; t < frames.size(); ++t)
      assign(select(select(x, 0, 0), 0, static_cast<index_t>(t)), frame(frames[t]), options_.forward.executor);
    return restore_window(net_, x, options_);
  }
  /// Only what no window before has computed.
  tensor<value, 4, S> from_features(std::vector<index_t> const& frames) {
    auto const& forward = options_.forward;
    auto const padded = [&](index_t f) {
      auto const x = unsqueeze(unsqueeze(frame(f), 0), 0);
      return squeeze(pad_frames(x, net_.config.size_multiple(), options_.spatial, forward.executor), 1);
    };
    nn::split_alignment<T, S> const* const split = options_.split ? &split_ : nullptr;
    std::vector<nn::frame_features<T, S>> features;
    for (index_t f : frames) {
      auto& known = features_[f];
      if (!known.l1) known = net_.extract(padded(f), forward.executor, split);
      features.push_back(known);
      report(forward.progress, 0.5 * static_cast<double>(features.size()) / static_cast<double>(frames.size()));
    }
    index_t const scale = net_.config.scale();
    auto const y = net_.restore(std::move(features), padded(frames[static_cast<std::size_t>(frame_window().center)]), forward, split);
    return contiguous(slice(slice(y, 2, 0, size_[1] * scale), 3, 0, size_[2] * scale), forward.executor);
  }

  nn::edvr_net<T, S> net_;
  nn::split_alignment<T, S> split_;
  video_options<value, S> options_;
  std::map<index_t, nn::frame_features<T, S>> features_;
  std::deque<tensor<value, 3, S>> kept_;  // frames dropped_ .. received_ - 1
  coord<3> size_{};
  index_t received_ = 0, given_ = 0, dropped_ = 0;
  bool finished_ = false;
};

/// Two networks one after the other: the second is fed the first one's
/// frames as 8-bit pictures, as the published second stages were trained.
template <class T, class S = cpu>
class two_stage_restorer {
 public:
  /// Throws model_error unless the second network takes frames as large as it gives.
  two_stage_restorer(video_restorer<T, S> first, video_restorer<T, S> second) : first_(std::move(first)), second_(std::move(second)) {
    if (!second_.net().config.hr_in)
      throw model_error("two stages: the second model enlarges; expected one with high-resolution input (hr_in)");
  }
  void push(tensor<arithmetic_t<T>, 3> frame) { first_.push(std::move(frame)); }
  index_t seek(index_t frame) { return first_.seek(second_.seek(frame)); }
  void finish() { finished_ = true, first_.finish(); }
  std::optional<tensor<arithmetic_t<T>, 3>> pop() {
    for (;;) {
      if (auto y = second_.pop()) return y;
      if (auto between = first_.pop())
        second_.push(from_8bit<arithmetic_t<T>>(to_8bit(*between, second_.host_executor()), second_.host_executor()));
      else if (finished_ && !drained_)
        drained_ = true, second_.finish();
      else
        return {};
    }
  }
  index_t next_frame() const { return second_.next_frame(); }
  bool fell_back() const { return first_.fell_back() || second_.fell_back(); }
  cpu_executor host_executor() const { return second_.host_executor(); }

 private:
  video_restorer<T, S> first_, second_;
  bool finished_ = false, drained_ = false;
};

/// A whole clip in memory, (t, 3, h, w) to (t, 3, scale h, scale w), through a video_restorer or two_stage_restorer that has seen no frame
/// yet. Throws as they do, and shape_error for a clip without frames.
template <class Restorer, class T>
tensor<T, 4> restore_clip(Restorer&& restorer, tensor<T, 4> const& clip) {
  index_t const frames = clip.extent(0);
  if (frames < 1) throw shape_error(text("restore_clip: clip has shape ", clip.shape(), "; expected at least one frame"));
  tensor<T, 4> all;
  index_t given = 0;
  auto const collect = [&] {
    while (auto const y = restorer.pop()) {
      if (!all) all = empty<T>(coord<4>{{frames, y->extent(0), y->extent(1), y->extent(2)}});
      assign(select(all, 0, given++), *y, restorer.host_executor());
    }
  };
  for (index_t t = 0; t < frames; ++t) {
    restorer.push(select(clip, 0, t));
    collect();
  }
  restorer.finish();
  collect();
  return all;
}

}  // namespace edvr::v1
