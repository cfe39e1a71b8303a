// SPDX-License-Identifier: Apache-2.0
// Golden cases: what each op means is one function, how far a result may be off is one table.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "edvr/edvr.hpp"
#include "edvr/testing/cases.hpp"
#include "edvr/testing/compare.hpp"
#include "frames.hpp"
#include "models.hpp"
#include "printable.hpp"
#include "window_recorder.hpp"

namespace program {

using namespace edvr;
using testing::golden_case;

// The expected tensors were computed in float64 and most of them stored as float32. That rounding is 6e-8 of a value, so float64 results
// are held against stored float32 to 1e-7 of the largest expected value (of 1, if all are smaller), and to 1e-12 where the float64 is
// stored. Alignment of white noise amplifies rounding by the slope of the features, hence its wider limit.
enum class level { pointwise, op, module, alignment, network, metric };
// What an error is divided by, if that is above 1: nothing, the largest expected value, or each one's own (inputs of pointwise ops go up to
// 1e30, beside which any other error would vanish).
enum class relative_to { nothing, largest, each };
struct limits {
  level of;
  double float32, float64_stored32, float64;
  relative_to scale;  // rounded ones: at least the largest
};
inline constexpr limits table[] = {
    {level::pointwise, 5e-6, 1e-7, 1e-12, relative_to::each},  {level::op, 5e-6, 1e-7, 1e-12, relative_to::largest},
    {level::module, 1e-5, 1e-7, 1e-12, relative_to::nothing},  {level::alignment, 2e-4, 1e-7, 1e-12, relative_to::nothing},
    {level::network, 1e-4, 1e-7, 1e-12, relative_to::nothing}, {level::metric, 1e-9, 1e-9, 1e-9, relative_to::nothing}};
inline constexpr double share_of_8bit_steps = 1e-3;  // samples that may be one step off, next to a rounding boundary

struct verify_options {
  std::vector<std::string> paths;
  model_options model;
  std::string precision = "both";
};

class reporter {
 public:
  int cases = 0, failures = 0;
  std::string file;

  void line(std::string const& what, std::string const& precision, double error, double limit) {
    bool const ok = error <= limit;  // NaN is not
    failures += !ok;
    worst_ = std::max(worst_, std::isnan(error) ? HUGE_VAL : error);
    std::printf("%-4s %-28s %-40s %-8s max error %9.3g  limit %9.3g\n", ok ? "ok" : "FAIL", printable(file).c_str(),
                printable(what).c_str(), precision.c_str(), error, limit);
  }
  void not_checked(std::string const& name, std::vector<std::string> const& tensors) {
    if (tensors.empty()) return;
    std::printf("     %-28s %-40s %zu tensors not checked: %s%s\n", printable(file).c_str(), printable(name).c_str(), tensors.size(),
                printable(tensors.front()).c_str(), tensors.size() > 1 ? ", ..." : "");
  }
  double worst_of_file() { return std::exchange(worst_, 0.0); }

 private:
  double worst_ = 0;
};

inline double largest(any_tensor const& t) {
  double m = 0;
  t.for_each([&](auto v) {
    double const size = std::fabs(static_cast<double>(v));
    if (std::isfinite(size)) m = std::max(m, size);
  });
  return m;
}
inline pair pair_of(json const& attributes, char const* key, index_t otherwise) {
  if (!attributes.contains(key)) return otherwise;
  auto const& v = attributes[key];
  return v.is_array() ? pair(v.at(0).get<index_t>(), v.at(1).get<index_t>()) : pair(v.get<index_t>());
}

/// The cases of one file in one precision.
template <class T>
class case_runner {
 public:
  case_runner(reporter& to, fs::path folder, verify_options const& options) : to_(to), folder_(std::move(folder)), options_(options) {}

  /// False if the op is not known.
  bool run(golden_case const& c);

 private:
  static constexpr bool is_double = std::is_same_v<T, double>;
  static constexpr char const* precision = is_double ? "float64" : "float32";

  /// A result against the expected tensor `name`; its .f64 twin where there is one.
  template <int R>
  void check(golden_case const& c, std::string const& name, tensor<T, R> const& result, level of, std::string const& label = "") {
    check(c, name, any_tensor(result), of, label);
  }
  void check(golden_case const& c, std::string const& name, any_tensor const& got, level of, std::string const& label = "") {
    std::string const best = is_double && c.has(name + ".f64") ? name + ".f64" : name;
    if (c.has(name)) c.get(name);  // looked at, if only through its twin
    if (c.has(name + ".f64")) c.get(name + ".f64");
    auto const& expected = c.get(best);
    auto const& l = *std::find_if(std::begin(table), std::end(table), [&](limits const& x) { return x.of == of; });
    double limit = !is_double ? l.float32 : best != name || expected.type() == dtype::float64 ? l.float64 : l.float64_stored32;
    if (got.shape() != expected.shape())
      return to_.line(text(c.name, '/', best, label, ": result ", got.describe(), ", expected ", expected.describe()), precision, HUGE_VAL,
                      limit);
    auto const report = testing::compare(got, expected);
    double error = l.scale == relative_to::each ? report.max_scaled : report.max_abs;
    bool const rounded = is_double && limit == l.float64_stored32;
    if (l.scale == relative_to::largest || (rounded && l.scale == relative_to::nothing)) error /= std::max(1.0, largest(expected));
    to_.line(c.name + "/" + best + label, precision, error, limit);
  }
  /// A result that is computed only if it has the expected shape, for a file may ask for any.
  template <class E>
  void check_if_shaped(golden_case const& c, std::string const& name, E&& result, level of, std::string const& label = "") {
    auto const shape = result.shape();
    auto const& expected = c.get(name);
    bool const same = [&]<int R>(coord<R> const& s) {
      return expected.shape().size() == R && std::equal(s.at, s.at + R, expected.shape().begin());
    }(shape);
    if (!same)
      return to_.line(text(c.name, '/', name, label, ": result has shape ", shape, ", expected ", expected.describe()), precision, HUGE_VAL,
                      0);
    check(c, name, eval(std::forward<E>(result)), of, label);
  }
  template <class M>
  void put_weights(golden_case const& c, M& module) {
    nn::for_each_parameter(module, [&]<int R>(std::string const& key, tensor<T, R>& w) { w = c.get<T, R>("w." + key); });
  }
  conv2d_params window(golden_case const& c) {
    return {pair_of(c.attributes, "stride", 1), pair_of(c.attributes, "padding", 0), pair_of(c.attributes, "dilation", 1),
            c.attributes.value("groups", 1)};
  }
  tensor<T, 1> bias(golden_case const& c) { return c.has("bias") ? c.get<T, 1>("bias") : tensor<T, 1>{}; }

  static bool is_finite(tensor<T, 4> const& x) { return std::isfinite(eval(sum(abs(x)))()); }
  void conv2d(golden_case const& c) {
    auto const x = c.get<T, 4>("input"), w = c.get<T, 4>("weight");
    check_if_shaped(c, "output", edvr::conv2d(x, w, bias(c), window(c), algo::reference{}), level::op, " reference");
    check_if_shaped(c, "output", edvr::conv2d(x, w, bias(c), window(c), algo::im2col{}), level::op, " im2col");
    if constexpr (std::is_same_v<T, float>) {
      check_if_shaped(c, "output", edvr::conv2d(x, w, bias(c), window(c), algo::direct{}), level::op, " direct");
      if (edvr::detail::winograd_can(w.shape(), window(c)) && is_finite(x) && is_finite(w))
        check_if_shaped(c, "output", edvr::conv2d(x, w, bias(c), window(c), algo::winograd{}), level::op, " winograd");
    }
  }
  void deform_conv2d(golden_case const& c) {
    auto const x = c.get<T, 4>("input"), w = c.get<T, 4>("weight"), offset = c.get<T, 4>("offset");
    auto const with = [&](auto algorithm, char const* label) {
      if (c.has("mask"))
        check_if_shaped(c, "output", edvr::deform_conv2d(x, offset, c.get<T, 4>("mask"), w, bias(c), window(c), algorithm), level::op,
                        label);
      else
        check_if_shaped(c, "output", edvr::deform_conv2d(x, offset, w, bias(c), window(c), algorithm), level::op, label);
    };
    with(algo::reference{}, " reference");
    with(algo::im2col{}, " im2col");
    if constexpr (std::is_same_v<T, float>) with(algo::direct{}, " direct");
  }
  void pointwise(golden_case const& c) {
    auto const x = c.get<T, 4>("input");
    auto const op = c.op();
    auto const y = op == "relu"      ? eval(relu(x))
                   : op == "sigmoid" ? eval(sigmoid(x))
                                     : eval(leaky_relu(x, static_cast<T>(c.attributes.value("slope", 0.01))));
    check(c, "output", y, level::pointwise);
  }
  void shuffle(golden_case const& c) {
    check(c, "output", eval(pixel_shuffle(c.get<T, 4>("input"), c.attributes.at("r").get<index_t>())), level::op);
  }
  void upsample(golden_case const& c) {
    auto const x = c.get<T, 4>("input");
    auto const r = c.attributes.at("scale").get<index_t>();
    index_t const height = checked_product("scale", x.extent(2), r), width = checked_product("scale", x.extent(3), r);
    check_if_shaped(c, "output", resize_bilinear(x, height, width, c.attributes.value("align_corners", false)), level::op);
  }
  void pool(golden_case const& c) {
    auto const x = c.get<T, 4>("input");
    pair const kernel = pair_of(c.attributes, "kernel", 2);
    pool2d_params const p{kernel, c.attributes.contains("stride") ? pair_of(c.attributes, "stride", 1) : kernel,
                          pair_of(c.attributes, "padding", 0)};
    if (c.op() == "max_pool2d")
      check_if_shaped(c, "output", max_pool2d(x, p), level::op);
    else
      check_if_shaped(c, "output", avg_pool2d(x, p), level::op);
  }
  void residual_block(golden_case const& c) {
    auto const x = c.get<T, 4>("input");
    auto block = nn::make_residual_block<T>(x.extent(1));
    block.res_scale = static_cast<T>(c.attributes.value("res_scale", 1.0));
    put_weights(c, block);
    check(c, "output", block(x), level::module);
  }
  void pcd_align(golden_case const& c) {
    nn::pcd_alignment<T> align(c.attributes.at("num_feat").get<index_t>(), c.attributes.at("deformable_groups").get<index_t>());
    put_weights(c, align);
    auto const pyramid = [&](std::string const& of) {
      return nn::pyramid<T>{c.get<T, 4>(of + "_l1"), c.get<T, 4>(of + "_l2"), c.get<T, 4>(of + "_l3")};
    };
    auto const nbr = pyramid("nbr"), ref = pyramid("ref");
    check(c, "output", align(nbr, ref), level::alignment);
    // Intermediate results of the coarsest level, to see where an error begins.
    auto const feat = eval(nn::lrelu(align.offset_conv2.l3(nn::lrelu(align.offset_conv1.l3(concat(nbr.l3, ref.l3))))));
    if (c.has("l3_offset_feat")) check(c, "l3_offset_feat", feat, level::alignment);
    if (c.has("l3_conv_offset_raw")) check(c, "l3_conv_offset_raw", eval(align.dcn_pack.l3.conv_offset(feat)), level::alignment);
    if (c.has("l3_aligned_after_lrelu"))
      check(c, "l3_aligned_after_lrelu", eval(nn::lrelu(align.dcn_pack.l3(nbr.l3, feat))), level::alignment);
  }
  void tsa_fusion(golden_case const& c) {
    auto const x = c.get<T, 5>("input");
    nn::tsa_fusion<T> fusion(x.extent(2), x.extent(1), c.attributes.at("center_frame_idx").get<index_t>());
    put_weights(c, fusion);
    std::vector<tensor<T, 4>> aligned;
    for (index_t t = 0; t < x.extent(1); ++t) aligned.push_back(select(x, 1, t));
    check(c, "output", fusion(std::move(aligned)), level::module);
  }
  void predeblur(golden_case const& c) {
    nn::predeblur<T> module(c.attributes.at("num_feat").get<index_t>(), c.attributes.at("hr_in").get<bool>());
    put_weights(c, module);
    check(c, "output", module(c.get<T, 4>("input")), level::module);
  }

  nn::edvr_net<T> open(std::string const& weights, golden_case const& c, json const& output = {}) {
    model_options m = options_.model;
    if (m.path.empty()) m.path = (folder_ / weights).string();
    if (c.attributes.contains("center_frame_idx")) m.center = c.attributes["center_frame_idx"].get<index_t>();
    if (output.contains("key")) m.key = output["key"].get<std::string>();
    auto const opened = open_model(m);
    return make_net<T>(opened, m);
  }
  std::vector<std::string> weights_of(golden_case const& c, char const* key = "weights") {
    if (!options_.model.path.empty()) return {options_.model.path};
    auto names = c.attributes.at(key).get<std::vector<std::string>>();
    if (names.empty()) throw io_error(text("case ", c.name, " names no weights"));
    for (auto const& n : names)
      if (fs::path(n).filename() != n) throw io_error(text("weights \"", n, "\"; expected the name of a file beside the golden file"));
    return names;
  }
  /// network and flip_ensemble
  void network(golden_case const& c) {
    auto const x = c.get<T, 5>("input");
    for (auto const& weights : weights_of(c))
      for (auto const& [name, output] : c.attributes.at("outputs").items()) {
        auto const net = open(weights, c, output);
        video_options<T> v;
        v.ensemble = c.op() == "flip_ensemble";
        window_recorder<T> middle;
        if (!v.ensemble) v.forward.see = middle.see();
        check(c, name, restore_window(net, x, v), level::network, " " + weights);
        if (name != "output") continue;
        for (auto const& [what, value] : middle.tensors())
          if (c.has("mid." + what)) check(c, "mid." + what, value, level::network);
      }
  }
  void spatial_padding(golden_case const& c) {
    auto const net = open(weights_of(c).front(), c);
    for (auto const& [name, output] : c.attributes.at("outputs").items()) {
      video_options<T> v;
      v.spatial = output.at("mode") == "replicate" ? pad_mode::replicate : pad_mode::reflect;
      check(c, name, restore_window(net, c.get<T, 5>("input"), v), level::network);
    }
  }

  static temporal_padding padding_of(std::string const& s) {
    if (auto const p = temporal_padding_named(s)) return *p;
    throw io_error(text("unknown temporal padding ", s));
  }
  /// 8-bit pictures: the share of samples that differ by one step, or infinity if one differs by more.
  void check_8bit(golden_case const& c, std::string const& name, tensor<std::uint8_t, 4> const& result) {
    auto const expected = c.get<std::int64_t, 4>(name);
    if (!(expected.shape() == result.shape()))
      return to_.line(text(c.name, '/', name, ": result ", result.shape(), ", expected ", expected.shape()), precision, HUGE_VAL, 0);
    index_t steps = 0;
    bool more = false;
    for (index_t i = 0; i < result.size(); ++i) {
      auto const d = std::abs(static_cast<std::int64_t>(result.data()[i]) - expected.data()[i]);
      steps += d > 0, more = more || d > 1;
    }
    to_.line(c.name + "/" + name + " (share of 8-bit steps)", precision,
             more ? HUGE_VAL : static_cast<double>(steps) / static_cast<double>(result.size()), share_of_8bit_steps);
  }
  void clip(golden_case const& c) {
    auto const net = open(weights_of(c).front(), c);
    auto const frames = c.get<T, 4>("input");
    for (auto const& [name, output] : c.attributes.at("outputs").items()) {
      video_options<T> v;
      v.padding = padding_of(output.at("padding").template get<std::string>());
      auto const y = restore_clip(video_restorer<T>(net, v), frames);
      check(c, name, y, level::network);
      auto const quantised = "output_u8_" + std::string(edvr::name(v.padding));
      if (c.has(quantised)) check_8bit(c, quantised, to_8bit(y));
    }
    for (auto p : temporal_paddings) {
      auto const key = "indices_" + std::string(edvr::name(p));
      if (!c.has(key)) continue;
      auto const expected = c.get<std::int64_t, 2>(key);
      double wrong = 0;
      for (index_t i = 0; i < expected.extent(0); ++i) {
        auto const got = window_frames(i, frames.extent(0), {expected.extent(1), expected.extent(1) / 2}, p);
        for (index_t j = 0; j < expected.extent(1); ++j) wrong += got[static_cast<std::size_t>(j)] != expected(i, j);
      }
      to_.line(c.name + "/" + key + " (wrong indices)", precision, wrong, 0);
    }
  }
  void two_stage(golden_case const& c) {
    auto const net1 = open(weights_of(c).front(), c), net2 = open(weights_of(c, "stage2_weights").front(), c);
    video_options<T> v1, v2;
    v1.padding = padding_of(c.attributes.at("padding").get<std::string>());
    v2.padding = padding_of(c.attributes.at("stage2_padding").get<std::string>());
    auto const clip = c.get<T, 4>("input");
    auto const first = restore_clip(video_restorer<T>(net1, v1), clip);
    check(c, "stage1_output", first, level::network);
    check_8bit(c, "stage1_u8", to_8bit(first));
    auto const stored = from_8bit<T>(c.get<std::uint8_t, 4>("stage1_u8"));
    check(c, "stage2_output", restore_clip(video_restorer<T>(net2, v2), stored), level::network, " from stage1_u8");
    // The whole chain in float64 only: in float32 samples next to a rounding boundary may fall on its other side.
    if (is_double)
      check(c, "stage2_output", restore_clip(two_stage_restorer<T>(video_restorer<T>(net1, v1), video_restorer<T>(net2, v2)), clip),
            level::network, " whole chain");
  }

  /// Metrics are computed in double whatever the precision.
  void metrics(golden_case const& c) {
    if constexpr (is_double) {
      auto const a = c.get<double, 3>("a"), b = c.get<double, 3>("b");
      auto const unit = eval(a / 255.0);
      auto const one = [](double v) { return full<double>({1}, v); };
      for (bool y : {false, true})
        for (index_t crop : {0, 4}) {
          auto const suffix = text(y ? "_y_crop" : "_rgb_crop", crop);
          auto const p = crop_border(y ? luma(unit) : a, crop), q = crop_border(y ? luma(eval(b / 255.0)) : b, crop);
          check(c, "psnr" + suffix, one(psnr(p, q)), level::metric);
          check(c, "ssim" + suffix, one(ssim(p, q)), level::metric);
        }
      check(c, "a_luma_0_255.f64", squeeze(luma(unit), 0), level::metric);
      auto const picture = [&](std::string const& name, tensor<double, 3> const& x) {
        check(c, name + ".f64", x, level::metric);
        if (c.has(name + ".u8"))
          to_.line(c.name + "/" + name + ".u8", precision, testing::compare(any_tensor(to_8bit(x)), c.get(name + ".u8")).max_abs, 0);
      };
      auto const quarter = resize_bicubic(unit, 0.25);
      picture("a_bicubic_x0.25", quarter);
      picture("a_bicubic_x0.5", resize_bicubic(unit, 0.5));
      check(c, "a_bicubic_x4_of_x0.25.f64", resize_bicubic(quarter, 4), level::metric);
      for (auto const& [name, t] : c.tensors())
        if (name.starts_with("a_bd") && name.ends_with(".f64")) picture(name.substr(0, name.size() - 4), blur_downsample(unit, 4));
    } else {
      for (auto const& [name, t] : c.tensors()) c.get(name);  // checked in float64
    }
  }
  /// Files that must hold the same tensors, bit for bit.
  void reader(golden_case const& c) {
    for (auto const& file : c.attributes.at("files")) {
      auto const name = file.get<std::string>();
      if (fs::path(name).filename() != name)
        throw io_error(text("file \"", name, "\"; expected the name of a file beside the golden file"));
      auto const pth = read_pth(folder_ / name);
      auto const* const dict = pth.root().find("tensors");
      double wrong = 0;
      for (auto const& [key, expected] : c.tensors()) {
        c.get(key);
        auto const* const v = dict ? dict->find(key) : nullptr;
        wrong += !v || any_tensor(pth.tensor_of(key, *v)).shape() != expected.shape() ||
                 testing::compare(pth.tensor_of(key, *v), expected).max_abs != 0;
      }
      to_.line(c.name + "/" + name + " (tensors that differ)", precision, wrong, 0);
    }
  }

  reporter& to_;
  fs::path folder_;
  verify_options const& options_;
};

// Outside its class, so that files which only call it need not instantiate everything behind it.
template <class T>
bool case_runner<T>::run(golden_case const& c) {
  auto const op = c.op();
  static std::map<std::string, void (case_runner::*)(golden_case const&)> const known = {{"conv2d", &case_runner::conv2d},
                                                                                         {"deform_conv2d", &case_runner::deform_conv2d},
                                                                                         {"leaky_relu", &case_runner::pointwise},
                                                                                         {"relu", &case_runner::pointwise},
                                                                                         {"sigmoid", &case_runner::pointwise},
                                                                                         {"pixel_shuffle", &case_runner::shuffle},
                                                                                         {"upsample_bilinear", &case_runner::upsample},
                                                                                         {"max_pool2d", &case_runner::pool},
                                                                                         {"avg_pool2d", &case_runner::pool},
                                                                                         {"residual_block", &case_runner::residual_block},
                                                                                         {"pcd_align", &case_runner::pcd_align},
                                                                                         {"tsa_fusion", &case_runner::tsa_fusion},
                                                                                         {"predeblur", &case_runner::predeblur},
                                                                                         {"network", &case_runner::network},
                                                                                         {"clip", &case_runner::clip},
                                                                                         {"flip_ensemble", &case_runner::network},
                                                                                         {"spatial_padding", &case_runner::spatial_padding},
                                                                                         {"two_stage", &case_runner::two_stage},
                                                                                         {"metrics", &case_runner::metrics},
                                                                                         {"reader", &case_runner::reader}};
  auto const found = known.find(op);
  if (found == known.end()) return false;
  (this->*found->second)(c);
  return true;
}

/// Compiled once each, in verify_float32.cpp and verify_float64.cpp.
extern template class case_runner<float>;
extern template class case_runner<double>;

}  // namespace program
