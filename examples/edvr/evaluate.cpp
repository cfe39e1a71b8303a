// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <iostream>
#include <memory>

#include "commands.hpp"
#include "edvr/io/json.hpp"
#include "edvr/metrics/psnr.hpp"
#include "edvr/metrics/ssim.hpp"
#include "edvr/ops/math.hpp"
#include "frames.hpp"
#include "interrupt.hpp"
#include "not_empty.hpp"
#include "printable.hpp"
#include "read_picture.hpp"
#include "whole_number.hpp"

namespace program {

namespace {
using namespace edvr;

struct evaluate_options {
  std::string input, reference;
  index_t crop = 0;
  bool use_luma = false, as_json = false;
};

tensor<double, 3> open(fs::path const& path, evaluate_options const& o) {
  auto const x = read_picture<double>(path);
  try {
    if (o.use_luma) return crop_border(luma(x), o.crop);
    assign(x, 255.0 * x);
    return crop_border(x, o.crop);
  } catch (shape_error const& e) {
    throw shape_error(edvr::text(path.string(), ": ", e.what()));
  }
}

/// JSON has no infinity: equal pictures are "inf".
json decibels(double v) { return std::isinf(v) ? json("inf") : json(v); }

int evaluate(evaluate_options const& o) {
  auto const a = list_frames(o.input), b = list_frames(o.reference);
  if (a.paths.size() != b.paths.size())
    throw io_error(edvr::text(o.input, " holds ", a.paths.size(), " pictures, ", o.reference, " ", b.paths.size(),
                              "; expected one reference for each, in the same order"));
  json frames = json::array();
  double psnr_sum = 0, ssim_sum = 0;
  for (std::size_t i = 0; i < a.paths.size(); ++i) {
    stop_if_interrupted();
    auto const x = open(a.paths[i], o), y = open(b.paths[i], o);
    if (!(x.shape() == y.shape()))
      throw shape_error(
          edvr::text(a.paths[i].string(), " has shape ", x.shape(), ", ", b.paths[i].string(), " ", y.shape(), "; expected the same size"));
    double p, s;
    try {
      p = psnr(x, y), s = ssim(x, y);
    } catch (shape_error const& e) {
      throw shape_error(edvr::text(a.paths[i].string(), ": ", e.what()));
    }
    psnr_sum += p, ssim_sum += s;
    frames.push_back({{"frame", a.paths[i].filename().string()}, {"psnr", decibels(p)}, {"ssim", s}});
    if (!o.as_json) std::printf("%-24s PSNR %8.4f dB  SSIM %.5f\n", printable(a.paths[i].filename().string()).c_str(), p, s);
  }
  auto const n = static_cast<double>(a.paths.size());
  if (o.as_json)
    std::cout << json{{"frames", frames}, {"psnr", decibels(psnr_sum / n)}, {"ssim", ssim_sum / n}, {"luma", o.use_luma}, {"crop", o.crop}}
                     .dump(2, ' ', false, json::error_handler_t::replace)
              << '\n';
  else
    std::printf("%-24s PSNR %8.4f dB  SSIM %.5f  (%s, %ld pixels off each side)\n", "mean", psnr_sum / n, ssim_sum / n,
                o.use_luma ? "luma" : "RGB", o.crop);
  std::fflush(stdout);
  return 0;
}
}  // namespace

void add_evaluate(CLI::App& app, action& run) {
  auto* const c = app.add_subcommand("evaluate", "PSNR and SSIM of pictures against references, frame by frame and mean");
  auto const o = std::make_shared<evaluate_options>();
  c->add_option("-i,--input", o->input, "folder, pattern or picture")->required()->check(not_empty);
  c->add_option("-r,--reference", o->reference, "the truth, in the same order")->required()->check(not_empty);
  c->add_flag("--luma", o->use_luma, "on BT.601 luma instead of RGB");
  c->add_option("--crop", o->crop, "pixels left out on each side")->transform(whole_number(0, 16384))->capture_default_str();
  c->add_flag("--json", o->as_json, "as JSON");
  c->callback([o, &run] { run = [o] { return evaluate(*o); }; });
}

}  // namespace program
