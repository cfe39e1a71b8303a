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
    {"edvr_m", edvr::published_models[0].config},
    {"edvr_m_wotsa", edvr::published_models[1].config},
    {"edvr_m_1dcn", {.num_feat = 64, .num_reconstruct_block = 10, .with_tsa = false, .num_alignment_dcn = 1}},
    {"edvr_m_4dcn", {.num_feat = 64, .num_reconstruct_block = 10, .with_tsa = false, .num_alignment_dcn = 4}},
    {"edvr_l", edvr::published_models[2].config},
    {"edvr_l_wotsa", edvr::published_models[3].config},
    {"edvr_l_vimeo", edvr::published_models[4].config},
    {"edvr_l_srblur", edvr::published_models[5].config},
    {"edvr_l_deblur", edvr::published_models[6].config},
    {"edvr_stage2_sr", edvr::published_models[7].config},
    {"edvr_stage2_blur", edvr::published_models[8].config},
};
}  // namespace

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
    m.weights = edvr::parse_checkpoint("the embedded model", bytes);
    m.config = edvr::infer_config(m.weights);
  } else {
    m.weights = edvr::read_checkpoint(o.path, o.key.empty() ? "params" : o.key);
    m.config = edvr::infer_config(m.weights);
  }
  bool const lacks_key = o.key == "params_ema" ? m.weights.wrapper != o.key : o.key == "params" && m.weights.wrapper == "params_ema";
  if (!m.random && lacks_key)
    throw edvr::model_error(
        edvr::text(o.path.empty() ? "the embedded model" : o.path, ": holds no ", o.key,
                   m.weights.wrapper.empty() ? std::string(", but weights without such a name") : edvr::text(", only ", m.weights.wrapper),
                   "; leave --key out"));
  m.config.center_frame_idx = o.center;
  try {
    edvr::check(m.config);
  } catch (edvr::model_error const& e) {
    throw edvr::model_error(edvr::text(o.path.empty() ? "the embedded model" : o.path, ": ", e.what()));
  }
  return m;
}

}  // namespace program
