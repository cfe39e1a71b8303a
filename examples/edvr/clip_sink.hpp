// SPDX-License-Identifier: Apache-2.0
// Where restored frames go: PNG files, or a y4m stream.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "clip_source.hpp"
#include "edvr/core/tensor.hpp"
#include "frames.hpp"

namespace program {

/// Takes frames in order. Encodes them in threads of its own, behind the caller.
class clip_sink {
 public:
  virtual ~clip_sink() = default;
  /// RGB (3, h, w), not clamped. Throws io_error, also for an earlier frame that could not be written.
  virtual void write(edvr::index_t number, edvr::tensor<float, 3> frame) = 0;
  /// Waits until all are written. Throws as write does.
  virtual void finish() = 0;
  /// Does it write the file of this name?
  virtual bool writes(std::string const&) const { return false; }
};

/// PNG files of `bits` 8 or 16; path_of a frame's number, nothing for one that is not to be written.
std::unique_ptr<clip_sink> picture_sink(std::function<std::optional<fs::path>(edvr::index_t)> path_of, int bits, int savers);
/// "-" is standard output; a file appears when it is complete. The header's size is that of the frames.
std::unique_ptr<clip_sink> stream_sink(std::string const& argument, edvr::y4m_header const& header, edvr::color_matrix matrix,
                                       bool overwrite, int savers);

}  // namespace program
