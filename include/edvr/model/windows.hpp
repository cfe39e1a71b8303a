// SPDX-License-Identifier: Apache-2.0
// Which frames make the window of a frame near the ends of a clip.
#pragma once
#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "edvr/core/shape.hpp"

namespace edvr::inline v1 {

/// What stands for frames before the first and after the last: the end frame again; the clip mirrored; frames from the other side of the
/// window that it does not hold yet, moving outward; or moving inward from one window's length away.
enum class temporal_padding { replicate, reflection, reflection_circle, circle };
constexpr std::string_view name(temporal_padding p) {
  constexpr std::string_view names[] = {"replicate", "reflection", "reflection_circle", "circle"};
  return names[static_cast<int>(p)];
}

inline constexpr temporal_padding temporal_paddings[] = {temporal_padding::replicate, temporal_padding::reflection,
                                                         temporal_padding::reflection_circle, temporal_padding::circle};
/// The one of that name, if there is one.
constexpr std::optional<temporal_padding> temporal_padding_named(std::string_view s) {
  for (auto p : temporal_paddings)
    if (name(p) == s) return p;
  return {};
}

/// A window of `frames` frames with the restored one at position `center`.
struct window {
  index_t frames, center;
  index_t after() const { return frames - 1 - center; }
};

/// Has a clip of n frames enough of them for the mode?
constexpr bool is_possible(temporal_padding mode, window const& w, index_t n) {
  if (mode == temporal_padding::replicate) return n >= 1;
  if (mode == temporal_padding::reflection) return n > std::max(w.center, w.after());
  return n >= w.frames;
}

/// The frames of the window around frame c0 of a clip of n, in order. A mode that is not possible is replaced by replicate.
inline std::vector<index_t> window_frames(index_t c0, index_t n, window const& w, temporal_padding mode) {
  if (!is_possible(mode, w, n)) mode = temporal_padding::replicate;
  std::vector<index_t> frames;
  for (index_t i = c0 - w.center; i <= c0 + w.after(); ++i) {
    index_t const over = i - (n - 1);
    index_t j = i;
    if (mode == temporal_padding::replicate) j = std::clamp<index_t>(i, 0, n - 1);
    if (mode == temporal_padding::reflection) j = i < 0 ? -i : over > 0 ? n - 1 - over : i;
    if (mode == temporal_padding::reflection_circle) j = i < 0 ? c0 + w.after() - i : over > 0 ? c0 - w.center - over : i;
    if (mode == temporal_padding::circle) j = i < 0 ? w.frames + i : over > 0 ? i - w.frames : i;
    frames.push_back(j);
  }
  return frames;
}

}  // namespace edvr::v1
