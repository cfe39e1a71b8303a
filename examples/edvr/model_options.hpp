// SPDX-License-Identifier: Apache-2.0
// The options that choose a model and how it runs, shared by the commands that run one. Nothing here opens a file.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "edvr/core/shape.hpp"

namespace program {

struct model_options {
  std::string path;  // empty: the model embedded in the program
  std::string key;   // empty: params if there are such, else params_ema
  edvr::index_t center = -1;
  bool allow_nonfinite = false;
};
void add_model_options(CLI::App& app, model_options& o);

/// The options of restoring a clip, shared by restore and forward.
struct clip_options {
  std::string padding, spatial_padding = "reflect", stage2;
  bool ensemble = false, cache = true, split = true;
  int threads = 0;
};
void add_clip_options(CLI::App& app, clip_options& o);

}  // namespace program
