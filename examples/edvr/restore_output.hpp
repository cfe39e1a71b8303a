// SPDX-License-Identifier: Apache-2.0
// Where restore writes, and which frames are still to be written there.
#pragma once
#include <memory>
#include <vector>

#include "clip_sink.hpp"
#include "clip_source.hpp"
#include "restore_options.hpp"

namespace program {

struct restore_output {
  std::unique_ptr<clip_sink> sink;
  std::vector<frame_range> runs;  // frames to restore; none, if all are there
  // Pictures found behind a gap and left as they are.
  std::shared_ptr<edvr::index_t> left = std::make_shared<edvr::index_t>(edvr::index_t{0});
};
/// Pictures or a stream, as the options say, for the frames `range` of a clip, enlarged `scale` times. Makes folders, and with --resume
/// looks at what is there. Throws CLI::ValidationError for options that do not go together and io_error for what is in the way.
restore_output open_output(restore_options const& o, clip_source& in, frame_range const& range, edvr::index_t scale);

}  // namespace program
