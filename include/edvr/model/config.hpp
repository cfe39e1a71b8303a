// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "edvr/core/shape.hpp"

namespace edvr::inline v1 {

/// What an EDVR network looks like; field names as published, but for the last, which is ours. The defaults are EDVR-M for 4x
/// super-resolution on REDS.
struct edvr_config {
  index_t num_feat = 64;               // channels C
  index_t num_frame = 5;               // frames T of a window
  index_t deformable_groups = 8;       // G, divides C
  index_t num_extract_block = 5;       // E
  index_t num_reconstruct_block = 10;  // R
  index_t center_frame_idx = -1;       // frame of the window that is restored; -1: num_frame / 2
  bool hr_in = false;                  // input as large as the output (deblurring, second stage)
  bool with_predeblur = false;
  bool with_tsa = true;           // temporal and spatial attention, else a 1x1 convolution
  index_t num_alignment_dcn = 0;  // 0: pyramid, cascading and deformable alignment; else so many deformable convolutions, on the finest
                                  // level (nn::single_level_alignment; the paper compares PCD with 1 and 4)
  friend bool operator==(edvr_config const&, edvr_config const&) = default;

  index_t center() const { return center_frame_idx < 0 ? num_frame / 2 : center_frame_idx; }
  /// Height and width of the input must be multiples of this.
  index_t size_multiple() const { return hr_in ? 16 : 4; }
  /// Output size over input size.
  index_t scale() const { return hr_in ? 1 : 4; }
};

/// Throws model_error unless a network of this configuration can be built.
inline void check(edvr_config const& c) {
  constexpr index_t most = 4096;
  if (c.num_feat < 1 || c.num_feat > most) throw model_error(text("config: num_feat = ", c.num_feat, "; expected 1 to ", most));
  if (c.num_frame < 1 || c.num_frame > 99) throw model_error(text("config: num_frame = ", c.num_frame, "; expected 1 to 99"));
  if (c.deformable_groups < 1 || c.num_feat % c.deformable_groups != 0)
    throw model_error(text("config: deformable_groups = ", c.deformable_groups, "; expected a divisor of num_feat = ", c.num_feat));
  if (c.num_extract_block < 0 || c.num_extract_block > most || c.num_reconstruct_block < 0 || c.num_reconstruct_block > most)
    throw model_error(
        text("config: ", c.num_extract_block, " extraction and ", c.num_reconstruct_block, " reconstruction blocks; expected 0 to ", most));
  if (c.num_alignment_dcn < 0 || c.num_alignment_dcn > 16)
    throw model_error(text("config: num_alignment_dcn = ", c.num_alignment_dcn, "; expected 0 (PCD) to 16"));
  if (c.center() >= c.num_frame)
    throw model_error(text("config: center_frame_idx = ", c.center_frame_idx, "; expected 0 to ", c.num_frame - 1,
                           ", because num_frame = ", c.num_frame));
}

}  // namespace edvr::v1
