// SPDX-License-Identifier: Apache-2.0
// The four sets of parameter names under which EDVR weights are published, and their names in this library (BasicSR's).
#pragma once
#include <cctype>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "edvr/core/error.hpp"

namespace edvr::inline v1 {

enum class dialect { basicsr, original, mmagic, paddlegan };
constexpr std::string_view name(dialect d) {
  constexpr std::string_view names[] = {"BasicSR", "original (2019)", "MMagic", "PaddleGAN"};
  return names[static_cast<int>(d)];
}

namespace detail {
/// A prefix and what it becomes. # stands for digits; $1, $2 for the first and second of them; $- for the first less one.
struct renaming {
  std::string_view from, to;
};

inline std::optional<std::string> rename(std::string_view key, renaming const& rule) {
  std::string digits[2];
  std::size_t at = 0, found = 0;
  for (char c : rule.from) {
    if (c == '#') {
      std::size_t const start = at;
      while (at < key.size() && std::isdigit(static_cast<unsigned char>(key[at])) && at - start < 6) ++at;
      if (at == start || found == 2) return {};
      digits[found++] = key.substr(start, at - start);
    } else if (at == key.size() || key[at++] != c) {
      return {};
    }
  }
  std::string to;
  for (std::size_t i = 0; i < rule.to.size(); ++i) {
    if (rule.to[i] != '$') {
      to += rule.to[i];
      continue;
    }
    char const which = rule.to[++i];
    to += which == '1' ? digits[0] : which == '2' ? digits[1] : std::to_string(std::stoi(digits[0]) - 1);
  }
  return to + std::string(key.substr(at));
}

// tAtt_1 and tAtt_2 are crossed: the original's first embeds every frame, BasicSR's first the reference frame. Both have one shape.
inline constexpr renaming predeblur_names[] = {
    {"pre_deblur.conv_first_1.", "predeblur.conv_first."},      {"pre_deblur.conv_first_2.", "predeblur.stride_conv_hr1."},
    {"pre_deblur.conv_first_3.", "predeblur.stride_conv_hr2."}, {"pre_deblur.deblur_L#_conv.", "predeblur.stride_conv_l$1."},
    {"pre_deblur.RB_L3_1.", "predeblur.resblock_l3."},          {"pre_deblur.RB_L2_#.", "predeblur.resblock_l2_$1."},
    {"pre_deblur.RB_L1_#.", "predeblur.resblock_l1.$-."},       {"pre_deblur.", "predeblur."}};
inline constexpr renaming original_names[] = {{"fea_L#_conv#.", "conv_l$1_$2."},
                                              {"pcd_align.L#_offset_conv#.", "pcd_align.offset_conv$2.l$1."},
                                              {"pcd_align.L#_dcnpack.conv_offset_mask.", "pcd_align.dcn_pack.l$1.conv_offset."},
                                              {"pcd_align.L#_dcnpack.", "pcd_align.dcn_pack.l$1."},
                                              {"pcd_align.L#_fea_conv.", "pcd_align.feat_conv.l$1."},
                                              {"pcd_align.cas_dcnpack.conv_offset_mask.", "pcd_align.cas_dcnpack.conv_offset."},
                                              {"tsa_fusion.tAtt_1.", "fusion.temporal_attn2."},
                                              {"tsa_fusion.tAtt_2.", "fusion.temporal_attn1."},
                                              {"tsa_fusion.fea_fusion.", "fusion.feat_fusion."},
                                              {"tsa_fusion.sAtt_L#.", "fusion.spatial_attn_l$1."},
                                              {"tsa_fusion.sAtt_add_#.", "fusion.spatial_attn_add$1."},
                                              {"tsa_fusion.sAtt_#.", "fusion.spatial_attn$1."},
                                              {"tsa_fusion.", "fusion."},
                                              {"recon_trunk.", "reconstruction."},
                                              {"HRconv.", "conv_hr."}};
inline constexpr renaming mmagic_names[] = {{"feat_l#_conv#.conv.", "conv_l$1_$2."},
                                            {"pcd_alignment.offset_conv#.l#.conv.", "pcd_align.offset_conv$1.l$2."},
                                            {"pcd_alignment.feat_conv.l#.conv.", "pcd_align.feat_conv.l$1."},
                                            {"pcd_alignment.cas_offset_conv#.conv.", "pcd_align.cas_offset_conv$1."},
                                            {"pcd_alignment.", "pcd_align."},
                                            {"fusion.feat_fusion.conv.", "fusion.feat_fusion."},
                                            {"fusion.spatial_attn_l#.conv.", "fusion.spatial_attn_l$1."},
                                            {"fusion.spatial_attn_add#.conv.", "fusion.spatial_attn_add$1."},
                                            {"fusion.spatial_attn#.conv.", "fusion.spatial_attn$1."},
                                            {"upsample#.upsample_conv.", "upconv$1."}};
inline constexpr renaming paddlegan_names[] = {{"cov_1.", "conv_1x1."},
                                               {"feature_extractor.block#.", "feature_extraction.$1."},
                                               {"reconstructor.block#.", "reconstruction.$1."},
                                               {"fea_L#_conv#.", "conv_l$1_$2."},
                                               {"PCDModule.PCD_Align_L#_offset_conv#.", "pcd_align.offset_conv$2.l$1."},
                                               {"PCDModule.PCD_Align_L#_fea_conv.", "pcd_align.feat_conv.l$1."},
                                               {"PCDModule.PCD_Align_L#_dcn.dcn.", "pcd_align.dcn_pack.l$1."},
                                               {"PCDModule.PCD_Align_L#_dcn.conv_offset_mask.", "pcd_align.dcn_pack.l$1.conv_offset."},
                                               {"PCDModule.PCD_Align_cas_offset_conv#.", "pcd_align.cas_offset_conv$1."},
                                               {"PCDModule.PCD_Align_cascade_dcn.dcn.", "pcd_align.cas_dcnpack."},
                                               {"PCDModule.PCD_Align_cascade_dcn.conv_offset_mask.", "pcd_align.cas_dcnpack.conv_offset."},
                                               {"TSAModule.tAtt_1.", "fusion.temporal_attn2."},
                                               {"TSAModule.tAtt_2.", "fusion.temporal_attn1."},
                                               {"TSAModule.fea_fusion.", "fusion.feat_fusion."},
                                               {"TSAModule.sAtt_L#.", "fusion.spatial_attn_l$1."},
                                               {"TSAModule.sAtt_add_#.", "fusion.spatial_attn_add$1."},
                                               {"TSAModule.sAtt_#.", "fusion.spatial_attn$1."},
                                               {"TSAModule.", "fusion."},
                                               {"HRconv.", "conv_hr."}};
}  // namespace detail

/// Which dialect a set of keys speaks. Throws model_error if it mixes two; nothing if no key is telling.
template <class Keys>
std::optional<dialect> dialect_of(Keys const& keys) {
  std::optional<dialect> found;
  std::string evidence;
  for (std::string const& key : keys) {
    std::optional<dialect> says;
    if (key.find("pcd_alignment.") != std::string::npos || key.starts_with("upsample1."))
      says = dialect::mmagic;
    else if (key.find("PCDModule.") != std::string::npos || key.starts_with("TSAModule.") || key.starts_with("feature_extractor."))
      says = dialect::paddlegan;
    else if (key.starts_with("pcd_align.L") || key.starts_with("tsa_fusion.") || key.starts_with("recon_trunk."))
      says = dialect::original;
    else if (key.starts_with("pcd_align.offset_conv") || key.starts_with("pcd_align.dcn_pack.") || key.starts_with("pcd_align.feat_conv."))
      says = dialect::basicsr;
    if (!says) continue;
    if (found && *found != *says)
      throw model_error(text("weights mix two dialects: ", evidence, " is ", name(*found), ", ", key, " is ", name(*says),
                             "; expected the names of one"));
    if (!found) found = says, evidence = key;
  }
  return found;
}
/// The key's name in this library.
inline std::string basicsr_name(dialect d, std::string const& key) {
  auto const apply = [&](std::span<detail::renaming const> rules) -> std::optional<std::string> {
    for (auto const& rule : rules)
      if (auto to = detail::rename(key, rule)) return to;
    return {};
  };
  std::optional<std::string> to;
  if (d == dialect::original || d == dialect::paddlegan) to = apply(detail::predeblur_names);
  if (!to && d == dialect::original) to = apply(detail::original_names);
  if (!to && d == dialect::mmagic) to = apply(detail::mmagic_names);
  if (!to && d == dialect::paddlegan) to = apply(detail::paddlegan_names);
  return to ? *to : key;
}

}  // namespace edvr::v1
