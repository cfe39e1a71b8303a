// SPDX-License-Identifier: Apache-2.0
// What restore is asked to do, from its command line. Nothing here opens a file.
#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "color_options.hpp"
#include "model_options.hpp"

namespace program {

struct restore_options {
  model_options model;
  clip_options clip;
  color_options colors;
  std::string input, output, range, progress = "auto", precision = "float32", device = "cpu", rate, sampling = "auto", jobs;
  edvr::index_t max_memory = 0;                     // MiB; 0: as much as is fastest
  edvr::index_t tile = 0, scale = 0;                // 0: whole frames; what the model gives
  int bits = 0, gpu = -2, loaders = 1, savers = 1;  // 0: as the input; -2: see device
  double scene_cut = 0;                             // 0: one scene
  bool overwrite = false, resume = false, stats = false, tiles = false;
};

void add_restore_options(CLI::App& c, restore_options& o);
/// What the options of a parsed command line say together. Throws CLI::ValidationError.
void settle(CLI::App const& c, restore_options& o);

/// A half-open range of frames, without an end for the whole of a stream.
struct frame_range {
  edvr::index_t first = 0;
  std::optional<edvr::index_t> last;
};
/// "A:B", 0-based; either may be left out. Throws CLI::ValidationError.
frame_range parse_range(std::string const& range, std::optional<edvr::index_t> frames);

/// The N of "cuda:N"; "cuda" is the first.
int device_number(std::string const& device);

}  // namespace program
