// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <iostream>
#include <memory>

#include "commands.hpp"
#include "edvr/io/png.hpp"
#include "edvr/metrics/resample.hpp"
#include "edvr/model/video.hpp"
#include "frames.hpp"
#include "interrupt.hpp"
#include "not_empty.hpp"
#include "printable.hpp"
#include "read_picture.hpp"

namespace program {

void add_resize(CLI::App& app, action& run) {
  struct options {
    std::string input, output, kind = "bicubic";
    double scale = 4;
    bool overwrite = false;
  };
  auto* const c = app.add_subcommand("resize", "Resample pictures as super-resolution benchmarks do");
  auto const o = std::make_shared<options>();
  c->add_option("-i,--input", o->input, "folder, pattern or picture")->required()->check(not_empty);
  c->add_option("-o,--output", o->output, "folder, pattern or .png")->required()->check(not_empty);
  c->add_option("--scale", o->scale, "4 enlarges, 0.25 reduces")->check(CLI::Range(0.01, 64.0))->capture_default_str();
  c->add_option("--kind", o->kind, "bicubic: MATLAB's imresize; bd: Gaussian blur and every 1/scale-th pixel")
      ->check(CLI::IsMember({"bicubic", "bd"}))
      ->capture_default_str();
  c->add_flag("--overwrite", o->overwrite, "replace outputs that exist");
  c->callback([o, &run] {
    run = [o] {
      using namespace edvr;
      if (!std::isfinite(o->scale)) throw CLI::ValidationError("--scale", "is not a number");
      double const factor = std::round(1 / o->scale);
      if (o->kind == "bd" && (factor < 1 || std::fabs(factor * o->scale - 1) > 1e-9))
        throw CLI::ValidationError("--scale", "the BD degradation takes one over a whole number: 0.5, 0.25, 0.2, ...");
      auto const frames = list_frames(o->input);
      if (!frames.note.empty()) std::cerr << "edvr: note: " << printable(frames.note) << '\n';
      auto const outputs = plan_outputs(o->output, frames, 0, frames.paths.size(), o->overwrite);
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        stop_if_interrupted();
        int bits = 8;
        auto const x = read_picture<double>(frames.paths[i], &bits);
        auto const side = [&](index_t n) { return static_cast<std::uint64_t>(std::ceil(static_cast<double>(n) * o->scale)); };
        edvr::detail::check_picture_size(outputs[i].string(), side(x.extent(2)), side(x.extent(1)));
        try {
          auto const y = o->kind == "bd" ? blur_downsample(x, static_cast<index_t>(factor)) : resize_bicubic(x, o->scale);
          stop_if_interrupted();
          if (bits == 16)
            write_png(outputs[i], to_16bit(y));
          else
            write_png(outputs[i], to_8bit(y));
        } catch (shape_error const& e) {
          throw shape_error(edvr::text(frames.paths[i].string(), ": ", e.what()));
        }
      }
      return 0;
    };
  });
}

}  // namespace program
