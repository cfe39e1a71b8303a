// SPDX-License-Identifier: Apache-2.0
#include "models.hpp"

#include <cstring>

// The default model, put into the program by the assembler: a compiler takes minutes over a megabyte of array text.
__asm__(
    ".section .rodata\n"
    ".balign 64\n"
    ".global edvr_default_model_begin\n"
    ".global edvr_default_model_end\n"
    "edvr_default_model_begin:\n"
    ".incbin \"" EDVR_DEFAULT_MODEL
    "\"\n"
    "edvr_default_model_end:\n"
    ".byte 0\n"
    ".text\n");
extern "C" std::byte const edvr_default_model_begin[], edvr_default_model_end[];

namespace program {

namespace {
struct named_config {
  std::string_view name;
  edvr::edvr_config config;
};
constexpr named_config random_models[] = {
    {"edvr_m", edvr::published_models[0].config},        {"edvr_m_wotsa", edvr::published_models[1].config},  {"edvr_l", edvr::published_models[2].config},
    {"edvr_l_wotsa", edvr::published_models[3].config},  {"edvr_l_vimeo", edvr::published_models[4].config},  {"edvr_l_srblur", edvr::published_models[5].config},
    {"edvr_l_deblur", edvr::published_models[6].config}, {"edvr_stage2_sr", edvr::published_models[7].config}, {"edvr_stage2_blur", edvr::published_models[8].config}};
}  // namespace

std::string printable(std::string s) {
  for (auto& c : s)
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = '?';
  return s;
}
CLI::Validator const not_empty([](std::string& s) { return s.empty() ? std::string("is empty") : std::string(); }, "");

void add_model_options(CLI::App& app, model_options& o) {
  app.add_option("-m,--model", o.path, "weights: .pth, .safetensors or .npz, or random:edvr_m and the like for timing; without it the small 4x model inside the program")->check(not_empty);
  app.add_option("--key", o.key, "which weights of a file that holds both")->check(CLI::IsMember({"params", "params_ema"}));
  app.add_option("--center", o.center, "frame of the window that is restored (default: the middle)")->check(CLI::Range(0, 98));
  app.add_flag("--allow-nonfinite", o.allow_nonfinite, "take weights that hold NaN or infinity");
}

opened_model open_model(model_options const& o) {
  opened_model m;
  if (o.path.starts_with("random:")) {
    auto const wanted = std::string_view(o.path).substr(7);
    std::string known;
    for (auto const& r : random_models) {
      known += edvr::text(known.empty() ? "" : ", ", r.name);
      if (r.name == wanted) m.config = r.config, m.random = true;
    }
    if (!m.random) throw edvr::model_error(edvr::text(o.path, ": no such random model; expected one of ", known));
  } else if (o.path.empty()) {
    auto const bytes = std::make_shared<std::vector<std::byte>>(edvr_default_model_begin, edvr_default_model_end);
    m.weights = edvr::parse_checkpoint("the embedded model", bytes, o.key);
    m.config = edvr::infer_config(m.weights);
  } else {
    m.weights = edvr::read_checkpoint(o.path, o.key);
    m.config = edvr::infer_config(m.weights);
  }
  m.config.center_frame_idx = o.center;
  try {
    edvr::check(m.config);
  } catch (edvr::model_error const& e) {
    throw edvr::model_error(edvr::text(o.path.empty() ? "the embedded model" : o.path, ": ", e.what()));
  }
  return m;
}

void add_clip_options(CLI::App& app, clip_options& o) {
  app.add_option("--padding", o.padding, "frames beyond the ends (default: replicate for models with PreDeblur or HR input, else reflection_circle; a second stage takes the first one's)")
      ->check(CLI::IsMember({"replicate", "reflection", "reflection_circle", "circle"}));
  app.add_option("--spatial-padding", o.spatial_padding, "how frames are filled up to the size the network takes")->check(CLI::IsMember({"reflect", "replicate"}))->capture_default_str();
  app.add_option("--stage2", o.stage2, "a second model (HR input), fed with the first one's frames as 8-bit pictures")->check(not_empty);
  app.add_flag("-x,--ensemble", o.ensemble, "mean over four flips: four times the work, a little better");
  app.add_flag("!--no-cache", o.cache, "compute every frame's features anew for each window: slower, less memory, the same bits as with --no-split");
  app.add_flag("!--no-split", o.split, "alignment's first convolutions whole: slower, the same within rounding");
  app.add_option("--threads", o.threads, "cores to use (0: all); the result does not depend on it")->check(CLI::Range(0, 1024));
}

}  // namespace program
