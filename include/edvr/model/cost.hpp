// SPDX-License-Identifier: Apache-2.0
// What one window of a configuration costs, layer by layer, without running it.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "edvr/model/edvr.hpp"

namespace edvr::inline v1 {

/// One convolution: what it is, the size of its result, how often a window runs it.
struct layer_cost {
  std::string name;  // key without ".weight"
  bool deformable;
  index_t in, out, kernel, height, width, calls;
  algorithm runs_as;
  index_t multiply_adds() const { return in * out * kernel * kernel * height * width * calls; }
};

namespace detail {
/// Size of a layer's result relative to the first pyramid level, as a power of two.
inline int layer_scale(std::string const& key, edvr_config const& c) {
  static constexpr std::pair<std::string_view, int> scales[] = {{"predeblur.stride_conv_hr1", 1},
                                                                {"predeblur.stride_conv_l2", -1},
                                                                {"predeblur.stride_conv_l3", -2},
                                                                {"predeblur.resblock_l3", -2},
                                                                {"predeblur.resblock_l2", -1},
                                                                {"conv_first_1", 2},
                                                                {"conv_first_2", 1},
                                                                {"conv_l2_", -1},
                                                                {"conv_l3_", -2},
                                                                {"fusion.spatial_attn2", -1},
                                                                {"fusion.spatial_attn3", -1},
                                                                {"fusion.spatial_attn4", -1},
                                                                {"fusion.spatial_attn_l1", -1},
                                                                {"fusion.spatial_attn_l", -2},
                                                                {"upconv2", 1},
                                                                {"conv_hr", 2},
                                                                {"conv_last", 2}};
  if (key == "predeblur.conv_first") return c.hr_in ? 2 : 0;
  for (auto const& [prefix, scale] : scales)
    if (key.starts_with(prefix)) return scale;
  if (key.starts_with("pcd_align.")) return key.find(".l3") != std::string::npos ? -2 : key.find(".l2") != std::string::npos ? -1 : 0;
  return 0;
}
inline index_t stride_of(std::string const& key) {
  for (auto name : {"stride_conv", "conv_first_2", "conv_first_3", "conv_l2_1", "conv_l3_1"})
    if (key.find(name) != std::string::npos) return 2;
  return 1;
}
inline bool runs_for_every_frame(std::string const& key) {
  for (auto prefix :
       {"predeblur.", "conv_1x1", "conv_first", "feature_extraction.", "conv_l2_", "conv_l3_", "pcd_align.", "fusion.temporal_attn2"})
    if (key.starts_with(prefix)) return true;
  return false;
}
inline bool is_deformable(std::string const& key) {
  for (auto prefix : {"pcd_align.dcn_pack.", "pcd_align.cas_dcnpack", "pcd_align.offset_dcn_pack."})
    if (key.starts_with(prefix)) return !key.ends_with("conv_offset");
  return false;
}
}  // namespace detail

/// The convolutions of a network, for input frames of height x width (rounded up to what the network takes), in the order of the
/// parameters. Multiply-adds of convolutions only; sampling, resizing and arithmetic add under 1 %. Throws model_error for a configuration
/// that cannot be built, or that no computer runs: 2^62 multiply-adds a window.
inline std::vector<layer_cost> layers(edvr_config const& config, index_t height, index_t width) {
  index_t const m = config.size_multiple(), h = (height + m - 1) / m * m / (config.hr_in ? 4 : 1),
                w = (width + m - 1) / m * m / (config.hr_in ? 4 : 1);
  std::vector<layer_cost> all;
  double count = 0;
  nn::edvr_net<float> net(config);
  nn::for_each_parameter(net, [&]<int R>(std::string const& key, tensor<float, R> const& weight) {
    if constexpr (R == 4) {
      std::string const name = key.substr(0, key.size() - std::string_view(".weight").size());
      int const scale = detail::layer_scale(name, config);
      auto const sized = [&](index_t n) { return scale < 0 ? n >> -scale : n << scale; };
      bool const deformable = detail::is_deformable(name);
      all.push_back({name, deformable, weight.extent(1), weight.extent(0), weight.extent(2), sized(h), sized(w),
                     detail::runs_for_every_frame(name) ? config.num_frame : 1,
                     deformable ? choose<algo::automatic, float, cpu>()
                                : choose_conv2d<algo::automatic, float, cpu>(weight.shape(), {.stride = detail::stride_of(name)})});
      auto const& l = all.back();
      count +=
          static_cast<double>(weight.size()) * static_cast<double>(l.height) * static_cast<double>(l.width) * static_cast<double>(l.calls);
    }
  });
  if (count >= 0x1p62)
    throw model_error(text("layers: a window of ", width, " x ", height, " takes ", count,
                           " multiply-adds, more than can be counted; expected smaller frames, or fewer channels, frames and blocks"));
  return all;
}
inline index_t multiply_adds(std::vector<layer_cost> const& all) {
  index_t n = 0;
  for (auto const& l : all) n += l.multiply_adds();
  return n;
}

/// Numbers that packed weights take, beside the weights themselves.
inline index_t packed_weight_count(std::vector<layer_cost> const& all) {
  index_t n = 0;
  for (auto const& l : all) n += (l.runs_as == algorithm::winograd ? 36 : l.kernel * l.kernel) * l.in * ((l.out + 15) / 16 * 16);
  return n;
}

/// Largest number of bytes of tensors and packed weights alive at once while one window of edvr_net<T>
/// runs, or, for a clip, one of the windows that share their frames' features; scratch and the program
/// itself come on top. From the network's stages: features, alignment, fusion, upsampling.
template <class T = float>
index_t peak_tensor_bytes(edvr_config const& config, index_t height, index_t width, bool as_clip = false, index_t band = 64) {
  index_t const m = config.size_multiple(), s = config.hr_in ? 4 : 1;
  index_t const rows = (height + m - 1) / m * m, columns = (width + m - 1) / m * m, input = rows * columns,
                p = input / (s * s);  // pixels, of the input and of level 1
  index_t const c = config.num_feat, t = config.num_frame, g = config.deformable_groups;
  bool const levels = config.num_alignment_dcn == 0;
  index_t const pyramid = levels ? c * p * 21 / 16 : c * p;
  // A window lets go of features as they are used; a clip keeps them, and twice over for a split alignment.
  index_t const kept = as_clip ? (levels ? 2 : 1) * t * pyramid : 0, halves = as_clip && levels ? pyramid + c * p : 0;
  // The entry of high-resolution input keeps two maps at its size; a residual block three at level 1.
  index_t const entry = config.hr_in ? c * input * 5 / 4 : 3 * c * p;
  // Weights and features are stored as T; frames, raw offsets and the result are values.
  auto const stage = [&](index_t stored, index_t values) {
    return stored * static_cast<index_t>(sizeof(T)) + (t * 3 * input + values) * static_cast<index_t>(sizeof(arithmetic_t<T>));
  };
  index_t const features = stage((as_clip ? kept : (t - 1) * pyramid) + std::max(entry, 3 * c * p), 0);
  // Raw offsets and masks beside the operands of the finest level.
  index_t const widened = sixteen_bits<T> && std::is_same_v<factor_t<T>, float> ? c * p : 0;  // what deform_conv2d samples
  index_t const alignment = stage((as_clip ? kept + halves + (t - 1) * c * p : t * pyramid) + 5 * c * p, 27 * g * p + widened);
  index_t const fusion = stage(kept + 2 * t * c * p + 2 * c * p, 0);
  index_t const w = columns / s, high = 4 * rows / s;
  auto const rows_of = [](index_t wanted, index_t all) { return std::min(wanted, all) + 2; };
  nn::upsampling_rows const of_band(band);
  index_t const bands = 64 * 4 * w * (rows_of(of_band.upconv2, high) + rows_of(of_band.conv_hr, high)) +
                        c * 2 * w * rows_of(of_band.upconv1, high / 2) + c * w * rows_of(of_band.features, high / 4);
  index_t const tail = stage(kept + 2 * c * p + bands, 3 * 16 * p);
  index_t const packed = detail::has_vector_kernels<T, cpu> ? packed_weight_count(layers(config, height, width)) : 0;
  return nn::parameter_count(nn::edvr_net<float>(config)) * static_cast<index_t>(sizeof(T)) +
         packed * static_cast<index_t>(sizeof(factor_t<T>)) + std::max({features, alignment, fusion, tail});
}

}  // namespace edvr::v1
