// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>

#include "clip_restorer.hpp"
#include "clip_sink.hpp"
#include "clip_source.hpp"
#include "commands.hpp"
#include "edvr/io/image.hpp"
#include "edvr/metrics/resample.hpp"
#include "edvr/model/memory_budget.hpp"
#include "gpu_restorer.hpp"
#include "interrupt.hpp"
#include "models.hpp"
#include "printable.hpp"
#include "progress_bar.hpp"
#include "restore_options.hpp"
#include "scene_cuts.hpp"

namespace program {

namespace {
using namespace edvr;

/// What a clip goes through.
struct pipeline {
  clip_source& in;
  clip_sink& out;
  restorer_factory make;
  std::optional<double> cut;  // threshold of scene cuts
  double shrink = 1;          // of results
  progress_bar& bar;
  index_t written = 0;
  bool fell_back = false;
  std::optional<coord<3>> size = {};  // of every frame
  bool resumed = false;               // a stream of unknown length, which may have no frame left

  /// Frames r.first .. r.last - 1, or to the end. Reads the neighbours that their windows need, and no window crosses a cut.
  void run(frame_range const& r) {
    auto restorer = make();
    index_t next = restorer->seek(r.first), scene = 0, done = r.first;
    std::optional<scene_cuts> cuts;
    if (cut) cuts.emplace(*cut);
    index_t const before = cuts && next > 0 ? 1 : 0;  // whether `next` begins a scene does not matter, but how much it moves does
    in.seek(next - before);
    if (before)
      if (auto const x = in.next()) (*cuts)(*x);
    auto const drain = [&] {
      while (!r.last || done < *r.last) {
        stop_if_interrupted();
        auto y = pop(*restorer, scene);
        if (!y) break;
        out.write(done++, shrink == 1 ? *std::move(y) : shrunk(*y));
        bar.show(static_cast<double>(++written));
      }
    };
    index_t pushed = 0;  // to this restorer
    for (;;) {
      drain();
      if (r.last && done >= *r.last) return;
      auto x = in.next();
      if (!x) break;
      if (!size) size = x->shape();
      if (!(x->shape() == *size))
        throw shape_error(edvr::text(in.name(next), ": frame ", next, " has shape ", x->shape(), "; expected ", *size,
                                     ", the size of the frames before"));
      if (cuts && (*cuts)(*x) && pushed > 0) {
        restorer->finish();
        drain();
        fell_back = fell_back || restorer->fell_back();
        if (r.last && done >= *r.last) return;
        restorer = make();
        scene = next, pushed = 0;
        restorer->seek(std::max<index_t>(0, r.first - scene));
      }
      restorer->push(*std::move(x));
      ++next, ++pushed;
    }
    restorer->finish();
    drain();
    if (pushed > 0) fell_back = fell_back || restorer->fell_back();
    index_t const reached = pushed > 0 || scene > 0 ? next : 0;  // 0: not even where reading was to begin
    if (next == 0 && r.first == 0) throw io_error(edvr::text(in.name(), ": has no frames"));
    if (done <= r.first && !r.last && !resumed)
      throw io_error(edvr::text(in.name(), ": ends before frame ", r.first, ", where --frames begins"));
    if (r.last && done < *r.last)
      throw io_error(edvr::text(in.name(), reached > 0 ? edvr::text(": has ", reached) : edvr::text(": has no more than ", next),
                                " frames; --frames wants them up to ", *r.last));
  }

 private:
  /// Channel by channel, for the sake of memory.
  tensor<float, 3> shrunk(tensor<float, 3> const& frame) const {
    tensor<float, 3> result;
    for (index_t c = 0; c < 3; ++c) {
      auto const one = resize_bicubic(eval(cast<double>(slice(frame, 0, c, c + 1))), shrink);
      if (!result) result = empty<float>({3, one.extent(1), one.extent(2)});
      assign(slice(result, 0, c, c + 1), cast<float>(one));
    }
    return result;
  }
  std::optional<tensor<float, 3>> pop(clip_restorer& restorer, index_t scene) const {
    try {
      return restorer.pop();
    } catch (numeric_error const& e) {
      throw numeric_error(
          edvr::text(in.name(), ": ", scene > 0 ? edvr::text("in the scene from frame ", scene, " on, ") : std::string(), e.what()));
    }
  }
};

/// Bands, cache and tiles so that frames of this size, restored to pictures of so many bits, fit o.max_memory.
template <class T>
void fit(restore_options const& o, video_options<float>& options, edvr_config const& config, pair size, int bits) {
  index_t const pixels = size.y * size.x, results = pixels * config.scale() * config.scale(),
                encoding = is_stream(o.output) ? 40
                           : bits > 8          ? 36
                                               : 24;  // bytes a pixel: the frame, its whole numbers, what the coder holds
  index_t const in_flight =
      (o.loaders - 1) * 15 * pixels + (o.savers * encoding - 12) * results + (is_stream(o.output) ? 4 * results : 0) +
      (o.scale > 0 && o.scale < config.scale() ? 36 * results : 0);  // a channel in double twice, and the shrunk frame
  index_t const beside = memory_beside_tensors(options.forward.executor, config, size.y, size.x) + in_flight;
  try {
    fit_memory<T>(options, config, size.y, size.x, (o.max_memory << 20) - beside, o.tiles);
  } catch (error const& e) {
    throw error(edvr::text("--max-memory ", o.max_memory, ", of which ", (beside >> 20) + 1,
                           " go to the program, its threads and pictures: ", e.what()));
  }
}
void note_tiles(video_options<float> const& options, edvr_config const& config) {
  if (options.tile.y == 0) return;
  index_t const overlap = tile_overlap(options, config), seen = (options.tile.y + 2 * overlap) * (options.tile.x + 2 * overlap);
  auto const work =
      std::ceil(10.0 * static_cast<double>(seen) / static_cast<double>(std::max<index_t>(options.tile.y * options.tile.x, 1))) / 10;
  std::cerr << "edvr: note: frames are restored in tiles of " << options.tile.x << " x " << options.tile.y << ", overlapping by " << overlap
            << " pixels on each side: up to " << edvr::text(work) << " times the work\n";
}

/// The stream that restored frames become: as the input, where that is one.
y4m_header output_header(restore_options const& o, clip_source& in, index_t scale) {
  auto h = in.header() ? *in.header() : y4m_header{.sampling = chroma::yuv444};
  h.width = in.size().x * scale, h.height = in.size().y * scale, h.bits = o.bits > 0 ? o.bits : in.bits();
  if (!in.header()) h.full_range = o.colors.range == "full";
  if (!o.rate.empty()) detail::y4m_fraction("--rate", 'F', o.rate, 1, h.rate);  // add_restore_options has looked
  if (o.sampling != "auto")
    h.sampling = o.sampling == "420"   ? chroma::yuv420_left
                 : o.sampling == "422" ? chroma::yuv422
                 : o.sampling == "444" ? chroma::yuv444
                                       : chroma::mono;
  if (h.bits > 8 && h.sampling == chroma::yuv420_center) h.sampling = chroma::yuv420_left;  // all that a header can say of more than 8 bits
  return h;
}

/// Throws io_error unless this file begins as a PNG of this size and depth and ends as one: what --resume takes for a restored frame.
void check_restored(fs::path const& path, pair size, int bits) {
  std::ifstream in(path, std::ios::binary);
  std::array<std::byte, 29> b{};
  in.read(reinterpret_cast<char*>(b.data()), b.size());
  std::array<char, 8> end{};
  in.seekg(-static_cast<std::streamoff>(end.size()), std::ios::end).read(end.data(), end.size());
  bool const png = in && std::memcmp(end.data(), "IEND\xae\x42\x60\x82", 8) == 0 && std::memcmp(b.data(), "\x89PNG\r\n\x1a\n", 8) == 0;
  if (!png || edvr::detail::big_endian(b.data() + 16, 4) != size.x || edvr::detail::big_endian(b.data() + 20, 4) != size.y ||
      static_cast<int>(b[24]) != bits)
    throw io_error(edvr::text(
        path.string(), ": is there, but is no whole PNG of ", size.x, " x ", size.y, " pixels and ", bits,
        " bits, as this frame restored is; give the options of the first run (--bits, --scale), remove it, or choose another output"));
}
/// What is still to be restored of these pictures: all of them, or, to go on, the runs of those that are not there.
std::vector<frame_range> missing(std::vector<fs::path> const& outputs, frame_range const& all, bool resume, pair size, int bits) {
  if (!resume) return {all};
  std::vector<frame_range> runs;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    index_t const frame = all.first + static_cast<index_t>(i);
    std::error_code failure;
    if (fs::exists(outputs[i], failure)) {  // files appear complete or not at all
      check_restored(outputs[i], size, bits);
      continue;
    }
    if (runs.empty() || *runs.back().last != frame) runs.push_back({frame, frame});
    ++*runs.back().last;
  }
  return runs;
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
  index_t const multiple = net.config.size_multiple(), tile = (o.tile + multiple - 1) / multiple * multiple;
  if (o.tile > 0 && (tile < in->size().y || tile < in->size().x)) options.tile = tile;
  note_tiles(options, net.config);
  if (o.device != "cpu") require_gpu(device_number(o.device));

  pair const result_size{in->size().y * scale, in->size().x * scale};
  edvr::detail::check_picture_size("the result", static_cast<std::uint64_t>(result_size.x), static_cast<std::uint64_t>(result_size.y));

  std::optional<nn::edvr_net<T>> second;
  if (!o.clip.stage2.empty()) {
    auto const chosen = second_stage_of(o.model, o.clip);
    second = make_net<T>(open_model(chosen), chosen);
    (void)two_stage_restorer<T>(video_restorer<T>(net, options), video_restorer<T>(*second, options));  // throws if they do not fit
  }
  for (auto const& weights : {o.model.path, o.clip.stage2})
    if (std::error_code failure; fs::equivalent(o.output, weights, failure))
      throw io_error(edvr::text(o.output, ": would overwrite the weights; write to another file"));

  // Outputs: planned after all that may be refused, for this makes folders.
  bool const to_stream = is_stream(o.output);
  std::unique_ptr<clip_sink> out;
  std::vector<frame_range> runs{range};
  index_t left = 0;  // pictures that were there already, behind a gap of a stream
  std::error_code failure;
  if (to_stream) {
    if (o.resume) throw CLI::ValidationError("--resume", "a stream has no finished frames to go on from; expected pictures as output");
    if (o.output != "-" && (in->reads(o.output) || (in->pictures() && fs::equivalent(o.input, o.output, failure))))
      throw io_error(edvr::text(o.output, ": would overwrite the input; write to another file"));
    auto const header = output_header(o, *in, scale);
    out = stream_sink(o.output, header, o.colors.matrix_for(header.height), o.overwrite, o.savers);
    if (o.output == "-" && out->writes(o.input == "-" ? "/dev/stdin" : o.input))
      throw io_error(edvr::text("standard output: is the input, ", o.input, "; write to another file"));
  } else {
    if (!o.rate.empty() || o.sampling != "auto")
      throw CLI::ValidationError("--rate, --chroma", "are for results that are y4m; pictures have neither");
    if (in->pictures() && (o.colors.matrix != "auto" || o.colors.range != "auto"))
      throw CLI::ValidationError("--matrix, --range", "are for y4m, in or out; pictures have neither");
    int const bits = o.bits > 0 ? o.bits : in->bits();
    if (o.bits != 0 && bits != 8 && bits != 16) throw CLI::ValidationError("--bits", edvr::text(bits, ": PNG has 8 or 16"));
    int const deep = bits > 8 ? 16 : 8;
    if (in->pictures()) {
      auto const outputs = plan_outputs(o.output, *in->pictures(), static_cast<std::size_t>(range.first),
                                        static_cast<std::size_t>(*range.last), o.overwrite || o.resume);
      runs = missing(outputs, range, o.resume, result_size, deep);
      out = picture_sink([outputs, first = range.first](index_t i) { return outputs.at(static_cast<std::size_t>(i - first)); }, deep,
                         o.savers);
    } else {
      auto const outputs = plan_stream_outputs(o.output);
      if (o.resume)
        while ((!range.last || runs[0].first < *range.last) && fs::exists(outputs.at(runs[0].first), failure))
          check_restored(outputs.at(runs[0].first++), result_size, deep);
      if (runs[0].last && runs[0].first >= *runs[0].last) runs.clear();
      out = picture_sink(
          [outputs, result_size, deep, resume = o.resume, overwrite = o.overwrite, &left](index_t i) -> std::optional<fs::path> {
            auto const path = outputs.at(i);
            bool const there = !overwrite && fs::exists(path);
            if (there && resume) return check_restored(path, result_size, deep), ++left, std::nullopt;
            if (there)
              throw io_error(edvr::text(path.string(), ": exists; remove it, choose another output, or allow --overwrite or --resume"));
            return path;
          },
          deep, o.savers);
    }
  }

  std::optional<index_t> count = 0;
  for (auto const& r : runs) count = r.last && count ? std::optional(*count + *r.last - r.first) : std::nullopt;
  progress_bar bar(o.progress, count);
  pipeline work{*in,
                *out,
                {},
                o.scene_cut > 0 ? std::optional(o.scene_cut) : std::nullopt,
                static_cast<double>(scale) / static_cast<double>(enlarges),
                bar};
  work.resumed = !runs.empty() && runs[0].first > range.first;
  options.forward.progress = [&](double done) {
    bar.show(static_cast<double>(work.written) + done / (o.clip.stage2.empty() ? 1 : 2));
    return !is_interrupted();
  };
  if (o.device != "cpu") {
    if constexpr (std::is_same_v<T, float>) work.make = restorers_on_gpu(device_number(o.device), net, second, options);
  } else if (!second) {
    work.make = [&] { return as_clip_restorer(video_restorer<T>(net, options)); };
  } else {
    work.make = [&] {
      return as_clip_restorer(two_stage_restorer<T>(video_restorer<T>(net, options), video_restorer<T>(*second, options)));
    };
  }
  bar.show(0);
  for (auto const& r : runs) work.run(r);
  out->finish();
  if (work.fell_back)
    std::cerr << "edvr: note: the clip has only "
              << (in->length() && !work.cut ? edvr::text(*in->length(), *in->length() == 1 ? " frame" : " frames")
                                            : std::string("a few frames, or a scene has"))
              << "; end frames are repeated (replicate padding)\n";
  if (o.resume && work.written == 0)
    std::cerr << "edvr: note: every frame is there already\n";
  else if (o.resume && range.last)
    std::cerr << "edvr: note: " << *range.last - range.first - work.written + left << " frames were there already, " << work.written - left
              << " restored\n";
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
