// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>

#include "clip_source.hpp"
#include "commands.hpp"
#include "edvr/io/png.hpp"
#include "edvr/model/memory_budget.hpp"
#include "gpu_restorer.hpp"
#include "interrupt.hpp"
#include "models.hpp"
#include "printable.hpp"
#include "progress_bar.hpp"
#include "restore_options.hpp"
#include "restore_output.hpp"
#include "restore_pipeline.hpp"

namespace program {

namespace {
using namespace edvr;

/// Bands, cache and tiles so that frames of this size, restored to pictures of so many bits, fit o.max_memory.
template <class T>
void fit(restore_options const& o, video_options<float>& options, edvr_config const& config, pair size, int bits) {
  index_t const pixels = size.y * size.x, results = pixels * config.scale() * config.scale(),
                encoding = is_stream(o.output) ? 40
                           : bits > 8          ? 36
                                               : 24;  // bytes a pixel: the frame, its whole numbers, what the coder holds
  index_t const in_flight =
      (is_stream(o.input) ? 1 : o.loaders) * 18 * pixels + (o.savers * encoding - 12) * results + (is_stream(o.output) ? 4 * results : 0) +
      (o.scale > 0 && o.scale < config.scale() ? 36 * results : 0);  // a channel in double twice, and the shrunk frame
  index_t const beside = memory_beside_tensors(options.forward.executor, config, size.y, size.x) + in_flight;
  try {
    bool const cached = options.cache && !options.ensemble;
    fit_memory<T>(options, config, size.y, size.x, (o.max_memory << 20) - beside, o.tiles);
    if (cached && !options.cache) std::cerr << "edvr: note: to fit --max-memory no features are kept: slower, and last digits may differ\n";
  } catch (error const& e) {
    throw error(edvr::text("--max-memory ", o.max_memory, ": besides ", (beside >> 20) + 1,
                           " MiB for the program, its threads and pictures, ", e.what()));
  }
}
/// The same options with tiles of `asked` pixels a side, rounded up to what the network takes, if its frames, of this size, are larger.
video_options<float> in_tiles(video_options<float> options, index_t asked, edvr_config const& config, pair size) {
  index_t const m = config.size_multiple(), tile = (asked + m - 1) / m * m;
  if (asked > 0 && (tile < size.y || tile < size.x)) options.tile = tile;
  return options;
}
void note_tiles(video_options<float> const& options, edvr_config const& config) {
  if (options.tile.y == 0) return;
  index_t const overlap = tile_overlap(options, config), seen = (options.tile.y + 2 * overlap) * (options.tile.x + 2 * overlap);
  auto const work =
      std::ceil(10.0 * static_cast<double>(seen) / static_cast<double>(std::max<index_t>(options.tile.y * options.tile.x, 1))) / 10;
  std::cerr << "edvr: note: frames are restored in tiles of " << options.tile.x << " x " << options.tile.y << ", overlapping by " << overlap
            << " pixels on each side: up to " << edvr::text(work) << " times the work\n";
}

/// T: what the network is stored as.
template <class T>
int restore(restore_options const& o) {
  if (o.input == "-" && o.model.path == "-") throw CLI::ValidationError("--model", "standard input is the clip");
  auto const in = open_clip(o.input, o.loaders, o.colors);
  if (in->pictures() && !in->pictures()->note.empty()) std::cerr << "edvr: note: " << printable(in->pictures()->note) << '\n';
  auto const range = parse_range(o.range, in->length());
  in->measure(range.first);
  auto const m = open_model(o.model);
  auto const net = make_net<T>(m, o.model);
  index_t const enlarges = net.config.scale(), scale = o.scale > 0 ? o.scale : enlarges;
  if (scale > enlarges)
    throw CLI::ValidationError(
        "--scale", edvr::text("the model enlarges ", enlarges, " times; expected 1 to ", enlarges, ", and its result is shrunk to that"));
  auto options = video_options_of<float>(o.clip, net.config);
  if (o.max_memory > 0) fit<T>(o, options, net.config, in->size(), o.bits > 0 ? o.bits : in->bits());
  auto second_options = options;
  options = in_tiles(options, o.tile, net.config, in->size());
  note_tiles(options, net.config);
  if (o.device != "cpu") require_gpu(device_number(o.device));

  edvr::detail::check_picture_size("the result", static_cast<std::uint64_t>(in->size().x * scale),
                                   static_cast<std::uint64_t>(in->size().y * scale));

  std::optional<nn::edvr_net<T>> second;
  if (!o.clip.stage2.empty()) {
    auto const chosen = second_stage_of(o.model, o.clip);
    second = make_net<T>(open_model(chosen), chosen);
    second_options = in_tiles(second_options, o.tile, second->config, {in->size().y * enlarges, in->size().x * enlarges});
    (void)two_stage_restorer<T>(video_restorer<T>(net, options), video_restorer<T>(*second, second_options));  // throws if they do not fit
    note_tiles(second_options, second->config);
  }
  for (auto const& weights : {o.model.path, o.clip.stage2})
    if (std::error_code failure; fs::equivalent(o.output, weights, failure))
      throw io_error(edvr::text(o.output, ": would overwrite the weights; write to another file"));

  auto const out = open_output(o, *in, range, scale);  // after all that may be refused, for this makes folders
  std::optional<index_t> count = 0;
  for (auto const& r : out.runs) count = r.last && count ? std::optional(*count + *r.last - r.first) : std::nullopt;
  progress_bar bar(o.progress, count);
  pipeline work{*in,
                *out.sink,
                {},
                o.scene_cut > 0 ? std::optional(o.scene_cut) : std::nullopt,
                static_cast<double>(scale) / static_cast<double>(enlarges),
                bar,
                options.forward.executor};
  work.resumed = !out.runs.empty() && out.runs[0].first > range.first;
  options.forward.progress = [&](double done) {
    bar.show(static_cast<double>(work.written) + done / (o.clip.stage2.empty() ? 1 : 2));
    return !is_interrupted();
  };
  second_options.forward.progress = options.forward.progress;
  if (o.device != "cpu") {
    if constexpr (std::is_same_v<T, float>) work.make = restorers_on_gpu(device_number(o.device), net, options, second, second_options);
  } else if (!second) {
    work.make = [&] { return as_clip_restorer(video_restorer<T>(net, options)); };
  } else {
    work.make = [&] {
      return as_clip_restorer(two_stage_restorer<T>(video_restorer<T>(net, options), video_restorer<T>(*second, second_options)));
    };
  }
  bar.show(0);
  for (auto const& r : out.runs) work.run(r);
  out.sink->finish();
  bar.end();
  if (work.fell_back)
    std::cerr << "edvr: note: the clip has only "
              << (in->length() && !work.cut ? edvr::text(*in->length(), *in->length() == 1 ? " frame" : " frames")
                                            : std::string("a few frames, or a scene has"))
              << "; end frames are repeated (replicate padding)\n";
  if (o.resume && work.written == 0)
    std::cerr << "edvr: note: every frame is there already\n";
  else if (o.resume && range.last)
    std::cerr << "edvr: note: " << *range.last - range.first - work.written + *out.left << " frames were there already, "
              << work.written - *out.left << " restored\n";
  if (o.stats) {
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    std::cerr << edvr::text(work.written, " frames in ", bar.elapsed(), " s, ",
                            bar.elapsed() / static_cast<double>(std::max<index_t>(work.written, 1)), " s a frame, ",
                            options.forward.executor.workers(), " threads, peak memory ", use.ru_maxrss / 1024, " MiB (tensors ",
                            host_memory.peak_bytes.load() >> 20, " MiB)\n");
  }
  return 0;
}

}  // namespace

void add_restore(CLI::App& app, action& run) {
  auto* const c = app.add_subcommand("restore", "Restore the frames of a clip: one frame out for each frame in");
  auto const o = std::make_shared<restore_options>();
  add_restore_options(*c, *o);
  c->callback([o, c, &run] {
    run = [o, c] {
      settle(*c, *o);
      return o->precision == "bfloat16" ? restore<bfloat16>(*o) : o->precision == "float16" ? restore<float16>(*o) : restore<float>(*o);
    };
  });
}

}  // namespace program
