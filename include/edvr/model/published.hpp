// SPDX-License-Identifier: Apache-2.0
// The checkpoints that other projects publish, by configuration.
#pragma once
#include <string>
#include <string_view>

#include "edvr/model/config.hpp"

namespace edvr::inline v1 {

struct published_model {
  std::string_view name;
  edvr_config config;
};
inline constexpr published_model published_models[] = {
    {"EDVR_M_x4_SR_REDS", {.num_feat = 64, .num_reconstruct_block = 10}},
    {"EDVR_M_woTSA_x4_SR_REDS", {.num_feat = 64, .num_reconstruct_block = 10, .with_tsa = false}},
    {"EDVR_L_x4_SR_REDS", {.num_feat = 128, .num_reconstruct_block = 40}},
    {"EDVR_L_woTSA_x4_SR_REDS", {.num_feat = 128, .num_reconstruct_block = 40, .with_tsa = false}},
    {"EDVR_L_x4_SR_Vimeo90K", {.num_feat = 128, .num_frame = 7, .num_reconstruct_block = 40}},
    {"EDVR_L_x4_SRblur_REDS", {.num_feat = 128, .num_reconstruct_block = 40, .with_predeblur = true}},
    {"EDVR_L_deblur_REDS or EDVR_L_deblurcomp_REDS", {.num_feat = 128, .num_reconstruct_block = 40, .hr_in = true, .with_predeblur = true}},
    {"EDVR_REDS_SR_Stage2", {.num_feat = 128, .num_reconstruct_block = 20, .hr_in = true}},
    {"EDVR_REDS_SRblur_Stage2, _deblur_Stage2 or _deblurcomp_Stage2",
     {.num_feat = 128, .num_reconstruct_block = 20, .hr_in = true, .with_predeblur = true}}};

/// "EDVR_M_x4_SR_REDS", or "EDVR_M_x4_SR_REDS, but for num_feat = 16 (64 there)": the entry with the fewest differences.
inline std::string nearest_published(edvr_config const& c) {
  std::string best;
  int fewest = 100;
  for (auto const& p : published_models) {
    std::string differs;
    int n = 0;
    auto const compare = [&](char const* field, index_t ours, index_t theirs) {
      if (ours == theirs) return;
      differs += text(n++ ? ", " : "", field, " = ", ours, " (", theirs, " there)");
    };
    compare("num_feat", c.num_feat, p.config.num_feat);
    compare("num_frame", c.num_frame, p.config.num_frame);
    compare("deformable_groups", c.deformable_groups, p.config.deformable_groups);
    compare("num_extract_block", c.num_extract_block, p.config.num_extract_block);
    compare("num_reconstruct_block", c.num_reconstruct_block, p.config.num_reconstruct_block);
    compare("hr_in", c.hr_in, p.config.hr_in);
    compare("with_predeblur", c.with_predeblur, p.config.with_predeblur);
    compare("with_tsa", c.with_tsa, p.config.with_tsa);
    compare("num_alignment_dcn", c.num_alignment_dcn, p.config.num_alignment_dcn);
    if (n < fewest) fewest = n, best = n ? text(p.name, ", but for ", differs) : std::string(p.name);
  }
  return best;
}

}  // namespace edvr::v1
