// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>

#include "commands.hpp"
#include "edvr/io/image.hpp"
#include "edvr/model/memory_budget.hpp"
#include "frames.hpp"
#include "gpu_restorer.hpp"
#include "interrupt.hpp"
#include "models.hpp"
#include "progress_bar.hpp"

namespace program {

namespace {
using namespace edvr;

struct restore_options {
  model_options model;
  clip_options clip;
  std::string input, output, range, progress = "auto", precision = "float32", device = "cpu";
  index_t max_memory = 0;  // MiB; 0: as much as is fastest
  bool overwrite = false, stats = false, tiles = false;
};

/// "A:B", 0-based and half-open; either may be left out.
std::pair<std::size_t, std::size_t> parse_range(std::string const& range, std::size_t frames) {
  if (range.empty()) return {0, frames};
  auto const colon = range.find(':');
  auto const number = [&](std::string const& s, std::size_t otherwise) -> std::size_t {
    if (s.empty()) return otherwise;
    if (s.size() > 12 || s.find_first_not_of("0123456789") != std::string::npos) throw CLI::ValidationError("--frames", edvr::text("\"", range, "\" is not A:B with whole numbers"));
    return static_cast<std::size_t>(std::stoull(s));
  };
  if (colon == std::string::npos) throw CLI::ValidationError("--frames", edvr::text("\"", range, "\" is not A:B"));
  auto const first = number(range.substr(0, colon), 0), last = number(range.substr(colon + 1), frames);
  if (first >= last || last > frames) throw CLI::ValidationError("--frames", edvr::text(range, " selects nothing, or more than there is; the clip has frames 0:", frames));
  return {first, last};
}

/// Feeds the frames and writes what comes back.
template <class Restorer>
void run(Restorer&& restorer, frame_list const& frames, std::size_t first, std::vector<fs::path> const& outputs, progress_bar& bar, std::size_t& written, cpu_executor const& ex) {
  std::size_t next = static_cast<std::size_t>(restorer.seek(static_cast<index_t>(first)));
  while (written < outputs.size()) {
    stop_if_interrupted();
    std::optional<tensor<float, 3>> y;
    try {
      y = restorer.pop();
    } catch (numeric_error const& e) {
      throw numeric_error(edvr::text(frames.paths.front().parent_path().string(), ": ", e.what()));
    }
    if (y) {
      write_png(outputs[written++], to_8bit(*y, ex));
      bar.show(static_cast<double>(written));
    } else if (next < frames.paths.size()) {
      try {
        restorer.push(from_8bit<float>(read_image(frames.paths[next]), ex));
      } catch (shape_error const& e) {
        throw shape_error(edvr::text(frames.paths[next].string(), ": ", e.what()));
      }
      ++next;
    } else {
      restorer.finish();
      if (restorer.fell_back()) std::cerr << "edvr: note: the clip has only " << frames.paths.size() << " frames; end frames are repeated (replicate padding)\n";
    }
  }
}

model_options second_model(restore_options const& o) {
  model_options second = o.model;
  second.path = o.clip.stage2;
  return second;
}
/// The N of "cuda:N"; "cuda" is the first.
int device_number(std::string const& device) { return device == "cuda" ? 0 : std::stoi(device.substr(5)); }
std::string not_a_device(std::string const& s) {
  bool const numbered = s.starts_with("cuda:") && s.size() > 5 && s.size() < 9 && s.find_first_not_of("0123456789", 5) == std::string::npos;
  return s == "cpu" || s == "cuda" || numbered ? "" : edvr::text('"', s, "\"; expected cpu, cuda or cuda:N");
}

/// T: what the network is stored as.
template <class T>
int restore(restore_options const& o) {
  auto const frames = list_frames(o.input);
  if (!frames.note.empty()) std::cerr << "edvr: note: " << frames.note << '\n';
  auto const [first, last] = parse_range(o.range, frames.paths.size());
  auto const m = open_model(o.model);
  auto const net = make_net<T>(m, o.model);
  auto options = video_options_of<float>(o.clip, net.config);
  if (o.max_memory > 0) {
    auto const size = read_image(frames.paths[first]).shape();
    index_t const beside = memory_beside_tensors(options.forward.executor, net.config, size[1], size[2]);
    try {
      fit_memory<T>(options, net.config, size[1], size[2], (o.max_memory << 20) - beside, o.tiles);
    } catch (error const& e) {
      throw error(edvr::text("--max-memory ", o.max_memory, ", of which ", (beside >> 20) + 1, " go to the program, its threads and pictures: ", e.what()));
    }
    index_t const overlap = tile_overlap(options, net.config), seen = (options.tile.y + 2 * overlap) * (options.tile.x + 2 * overlap);
    auto const work = std::ceil(10.0 * static_cast<double>(seen) / static_cast<double>(std::max<index_t>(options.tile.y * options.tile.x, 1))) / 10;
    if (options.tile.y > 0) std::cerr << "edvr: note: frames are restored in tiles of " << options.tile.x << " x " << options.tile.y << ", overlapping by " << overlap << " pixels on each side: up to " << edvr::text(work) << " times the work\n";
  }
  if (o.device != "cpu") require_gpu(device_number(o.device));
  auto const outputs = plan_outputs(o.output, frames, first, last, o.overwrite);  // makes folders: after all that may be refused

  progress_bar bar(o.progress, static_cast<index_t>(outputs.size()));
  bar.show(0);
  std::size_t written = 0;
  options.forward.progress = [&](double done) {
    bar.show(static_cast<double>(written) + done / (o.clip.stage2.empty() ? 1 : 2));
    return !is_interrupted();
  };
  if (o.device != "cpu") {
    std::optional<nn::edvr_net<float>> second;
    if (!o.clip.stage2.empty()) second = make_net<float>(open_model(second_model(o)), second_model(o));
    if constexpr (std::is_same_v<T, float>) run(*restorer_on_gpu(device_number(o.device), net, second, options), frames, first, outputs, bar, written, options.forward.executor);
  } else if (o.clip.stage2.empty()) {
    video_restorer<T> restorer(net, options);
    run(restorer, frames, first, outputs, bar, written, options.forward.executor);
  } else {
    auto const net2 = make_net<T>(open_model(second_model(o)), second_model(o));
    two_stage_restorer<T> restorer(video_restorer<T>(net, options), video_restorer<T>(net2, options));
    run(restorer, frames, first, outputs, bar, written, options.forward.executor);
  }
  if (o.stats) {
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    std::cerr << edvr::text(outputs.size(), " frames in ", bar.elapsed(), " s, ", bar.elapsed() / static_cast<double>(outputs.size()), " s a frame, ",
                            options.forward.executor.workers(), " threads, peak memory ", use.ru_maxrss / 1024, " MiB (tensors ", host_memory.peak_bytes.load() >> 20, " MiB)\n");
  }
  return 0;
}
}  // namespace

void add_restore(CLI::App& app, action& run) {
  auto* const c = app.add_subcommand("restore", "Restore the frames of a clip: one frame out for each frame in");
  auto const o = std::make_shared<restore_options>();
  c->add_option("-i,--input", o->input, "folder of PNG or JPEG frames, one picture, or a pattern such as in/%05d.png")->required();
  c->add_option("-o,--output", o->output, "folder, or pattern, of 8-bit PNG; one .png for one picture")->required();
  add_model_options(*c, o->model);
  add_clip_options(*c, o->clip);
  c->add_option("--frames", o->range, "A:B, restore only these frames (0-based, B not included); their neighbours are still read")->check(not_empty);
  c->add_flag("--overwrite", o->overwrite, "replace outputs that exist");
  c->add_option("--max-memory", o->max_memory, "MiB that the program may take: narrower bands, then no cache, which may change last digits (default: what is fastest)")->check(CLI::Range(1, 1 << 24))->excludes("--stage2");
  c->add_flag("--tiles", o->tiles, "with --max-memory: where whole frames do not fit, restore them in overlapping tiles; close, not the same")->needs("--max-memory");
  c->add_option("--precision", o->precision, "bfloat16: weights and features in 16 bits, faster where the processor multiplies them (edvr info) and half the memory; close, not the same")
      ->check(CLI::IsMember({"float32", "bfloat16"}))
      ->capture_default_str();
  c->add_option("--device", o->device, "cpu, or cuda or cuda:N for a GPU, in float32 (built with EDVR_CUDA=ON)")->check(not_a_device)->capture_default_str();
  c->add_option("--progress", o->progress, "auto: a bar on a terminal")->check(CLI::IsMember({"auto", "bar", "none"}))->capture_default_str();
  c->add_flag("--stats", o->stats, "say how long it took and how much memory");
  c->callback([o, &run] { 
    run = [o] {
      if (o->device != "cpu" && (o->precision != "float32" || o->max_memory > 0))
        throw CLI::ValidationError("--device", "a GPU computes in float32 and has memory of its own; leave --precision and --max-memory out");
      return o->precision == "bfloat16" ? restore<bfloat16>(*o) : restore<float>(*o);
    };
  });
}

}  // namespace program
