// SPDX-License-Identifier: Apache-2.0
#include "model_options.hpp"

#include "not_empty.hpp"
#include "whole_number.hpp"

namespace program {

void add_model_options(CLI::App& app, model_options& o) {
  app.add_option(
         "-m,--model", o.path,
         "weights: .pth, .safetensors or .npz, or for timing random:edvr_m, random:edvr_l and others (a wrong one names them); without it the small 4x model inside the program")
      ->check(not_empty);
  app.add_option("--key", o.key, "which weights of a file that holds both")->check(CLI::IsMember({"params", "params_ema"}));
  app.add_option("--center", o.center, "frame of the window that is restored (default: the middle)")->transform(whole_number(0, 98));
  app.add_flag("--allow-nonfinite", o.allow_nonfinite, "take weights that hold NaN or infinity");
}

void add_clip_options(CLI::App& app, clip_options& o) {
  app.add_option(
         "--padding", o.padding,
         "frames beyond the ends (default: replicate for models with PreDeblur or HR input, else reflection_circle; a second stage takes the first one's)")
      ->check(CLI::IsMember({"replicate", "reflection", "reflection_circle", "circle"}));
  app.add_option("--spatial-padding", o.spatial_padding, "how frames are filled up to the size the network takes")
      ->check(CLI::IsMember({"reflect", "replicate"}))
      ->capture_default_str();
  app.add_option("--stage2", o.stage2, "a second model (HR input), fed with the first one's frames as 8-bit pictures")->check(not_empty);
  app.add_flag("-x,--ensemble", o.ensemble, "mean over four flips: four times the work, a little better");
  app.add_flag_callback(
      "--no-cache", [&o] { o.cache = false; },
      "compute every frame's features anew for each window: slower, less memory, the same bits as with --no-split");
  app.add_flag_callback("--no-split", [&o] { o.split = false; }, "PCD's first convolutions whole: slower, the same within rounding");
  app.add_option("--threads", o.threads, "cores to use (0: all); the result does not depend on it")->transform(whole_number(0, 1024));
}

}  // namespace program
