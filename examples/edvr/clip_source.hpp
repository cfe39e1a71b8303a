// SPDX-License-Identifier: Apache-2.0
// Where the frames of a clip come from: a folder, pattern or picture (frames.hpp), or a y4m stream.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "edvr/core/tensor.hpp"
#include "edvr/io/y4m.hpp"
#include "color_options.hpp"
#include "frames.hpp"

namespace program {

/// The frames of a clip, from the first on. Decodes ahead of the caller, in threads of its own.
class clip_source {
 public:
  virtual ~clip_source() = default;
  /// Which of the pictures size() and bits() look at, if not the first; before they are called.
  virtual void measure(edvr::index_t) {}
  /// Height and width.
  virtual edvr::pair size() = 0;
  /// Bits a channel.
  virtual int bits() = 0;
  /// Unknown for a stream.
  virtual std::optional<edvr::index_t> length() const = 0;
  /// Goes on from this frame. A stream passes over what lies between, and cannot go back; it throws io_error.
  virtual void seek(edvr::index_t frame) = 0;
  /// RGB (3, h, w), or nothing at the end.
  virtual std::optional<edvr::tensor<float, 3>> next() = 0;
  /// What messages call a frame, and the whole.
  virtual std::string name(edvr::index_t frame) const = 0;
  virtual std::string name() const = 0;
  /// The pictures, if it is of pictures; the header, if it is a stream.
  virtual frame_list const* pictures() const { return nullptr; }
  virtual edvr::y4m_header const* header() const { return nullptr; }
  /// Does it read the file of this name?
  virtual bool reads(std::string const&) const { return false; }
};

/// Does this argument mean a y4m stream: "-", or a name that ends in .y4m? Throws io_error for the name of a compressed video.
bool is_stream(std::string const& argument);
/// ahead: pictures decoded while the caller works on one; of a stream it is one frame. Throws io_error.
std::unique_ptr<clip_source> open_clip(std::string const& argument, int ahead, color_options const& colors);

}  // namespace program
