// SPDX-License-Identifier: Apache-2.0
#include "restore_options.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>

#include "edvr/io/y4m.hpp"
#include "not_empty.hpp"
#include "scene_cuts.hpp"
#include "whole_number.hpp"

namespace program {
using namespace edvr;

frame_range parse_range(std::string const& range, std::optional<index_t> frames) {
  if (range.empty()) return {0, frames};
  auto const colon = range.find(':');
  auto const number = [&](std::string const& s) -> std::optional<index_t> {
    if (s.empty()) return {};
    if (s.size() > 12 || s.find_first_not_of("0123456789") != std::string::npos)
      throw CLI::ValidationError("--frames", edvr::text("\"", range, "\" is not A:B with whole numbers"));
    return std::stoll(s);
  };
  if (colon == std::string::npos)
    throw CLI::ValidationError("--frames", edvr::text("\"", range, "\" is not A:B, such as 10:20, 10: or :20"));
  frame_range const r{number(range.substr(0, colon)).value_or(0),
                      number(range.substr(colon + 1)).has_value() ? number(range.substr(colon + 1)) : frames};
  if (r.last && (r.first >= *r.last || (frames && *r.last > *frames)))
    throw CLI::ValidationError("--frames", edvr::text(range, " selects nothing, or more than there is",
                                                      frames ? edvr::text("; the clip has frames 0:", *frames) : std::string()));
  return r;
}

int device_number(std::string const& device) { return device == "cuda" ? 0 : std::stoi(device.substr(5)); }

namespace {
/// "1:2:1" into loaders, threads and savers, as the ncnn upscalers take it.
void parse_jobs(restore_options& o) {
  if (o.jobs.empty()) return;
  int load = 0, work = 0, save = 0;
  char rest = 0;
  bool const digits = o.jobs.find_first_not_of("0123456789:") == std::string::npos;
  if (!digits || std::sscanf(o.jobs.c_str(), "%3d:%4d:%3d%c", &load, &work, &save, &rest) != 3 || load < 1 || load > 64 || work > 1024 ||
      save < 1 || save > 64)
    throw CLI::ValidationError(
        "--jobs",
        edvr::text(
            '"', o.jobs,
            "\"; expected load:proc:save, such as 2:4:2: frames decoded ahead (1 to 64), threads that compute (0, all cores, to 1024), frames encoded at once (1 to 64)"));
  if (o.clip.threads != 0 && o.clip.threads != work)
    throw CLI::ValidationError("--jobs", "names the threads that compute, and so does --threads; leave one out");
  o.loaders = load, o.clip.threads = work, o.savers = save;
}
/// For --rate: N, N:D or N/D becomes N:D; or why this is none.
std::string not_a_rate(std::string& s) {
  try {
    if (s.find_first_of(":/") == std::string::npos) s += ":1";
    std::replace(s.begin(), s.end(), '/', ':');
    std::int64_t rate[2];
    edvr::detail::y4m_fraction("--rate", ' ', s, 1, rate);
    return "";
  } catch (io_error const&) {
    return edvr::text('"', s, "\"; expected whole numbers above 0, such as 25 or 30000:1001");
  }
}
std::string not_a_difference(std::string const& s) {
  try {
    double const v = std::stod(s);
    if (v >= 0.001 && v <= 1) return "";
  } catch (std::exception const&) {
  }
  return edvr::text('"', s, "\"; expected a number from 0.001 to 1");
}

std::string not_a_device(std::string const& s) {
  bool const numbered = s.starts_with("cuda:") && s.size() > 5 && s.size() < 9 && s.find_first_not_of("0123456789", 5) == std::string::npos;
  return s == "cpu" || s == "cuda" || numbered ? "" : edvr::text('"', s, "\"; expected cpu, cuda or cuda:N");
}

void add_output_options(CLI::App& c, restore_options& o) {
  c.add_option("-s,--scale", o.scale,
               "size of the result over that of the input: what the model gives (default), or less, shrunk by bicubic interpolation")
      ->transform(whole_number(1, 4));
  c.add_option("-f,--format", "png: the only kind of pictures that are written; a y4m stream is chosen by the output's name")
      ->check(CLI::IsMember({"png"}))
      ->option_text("png");
  c.add_option(
       "--bits", o.bits,
       "bits a channel of the result: 8 or 16 of PNG, 8 to 16 of y4m (default: as the input; of pictures, as the first that is restored)")
      ->transform(whole_number(8, 16));
  c.add_option("--rate", o.rate, "frames a second of a y4m result (default: the input's, 25:1 for pictures)")
      ->type_name("N:D")
      ->transform(CLI::Validator(not_a_rate, ""));
  c.add_option("--chroma", o.sampling, "chroma of a y4m result (default: the input's, 444 for pictures)")
      ->check(CLI::IsMember({"auto", "420", "422", "444", "mono"}));
  c.add_option("--matrix", o.colors.matrix,
               "matrix of y4m colours, in and out; auto: BT.709 from 720 lines on, BT.601 below, each by its own height")
      ->check(CLI::IsMember({"auto", "bt601", "bt709"}));
  c.add_option("--range", o.colors.range, "range of y4m samples; auto: what the stream says, else limited")
      ->check(CLI::IsMember({"auto", "limited", "full"}));
}
}  // namespace

void add_restore_options(CLI::App& c, restore_options& o) {
  c.add_option("-i,--input", o.input,
               "folder of PNG or JPEG frames, one picture, a pattern such as in/%05d.png, a .y4m stream, or - for one on standard input")
      ->required()
      ->check(not_empty);
  c.add_option("-o,--output", o.output,
               "folder, or pattern, of PNG; one .png for one picture; a .y4m stream, or - for one on standard output")
      ->required()
      ->check(not_empty);
  add_model_options(c, o.model);
  c.add_option("-n,--name", "name of a model inside the program: edvr_xs_x4, the only one; published weights are files (-m)")
      ->check([](std::string const& s) {
        return s == "edvr_xs_x4"
                   ? std::string()
                   : edvr::text('"', s, "\"; the only model inside the program is edvr_xs_x4, and published weights are files: -m FILE");
      })
      ->option_text("NAME")
      ->excludes("--model");
  add_clip_options(c, o.clip);
  add_output_options(c, o);
  c.add_option("--frames", o.range,
               "restore only these frames (0-based, B not included; A: and :B for the rest); their neighbours are still read")
      ->check(not_empty)
      ->type_name("A:B");
  auto* const overwrite = c.add_flag("--overwrite", o.overwrite, "replace outputs that exist");
  c.add_flag(
       "--resume", o.resume,
       "of results that are pictures: go on, leave those that are there already (of a y4m input, those behind the first gap are computed again, and left)")
      ->excludes(overwrite);
  c.add_option(
       "--scene-cut", o.scene_cut,
       "windows do not cross cuts (off unless given; 0.1 if no number follows): a frame begins a scene if its luma differs from the last one's by this much on average, and three times as much as that one's did")
      ->check(not_a_difference)
      ->expected(0, 1)
      ->option_text("[0.001 - 1]");
  auto* const memory =
      c.add_option(
           "--max-memory", o.max_memory,
           "MiB that the program is to take, about: narrower bands, then no cache, which may change last digits and depends on --threads and -j (default: what is fastest)")
          ->transform(whole_number(1, 1 << 24))
          ->excludes("--stage2");
  c.add_flag("--tiles", o.tiles, "with --max-memory: where whole frames do not fit, restore them in overlapping tiles; close, not the same")
      ->needs("--max-memory");
  c.add_option("-t,--tile", o.tile,
               "restore frames in overlapping tiles of this many pixels a side; close, not the same; 0: whole frames (default)")
      ->transform(whole_number(0, 16384))
      ->excludes(memory);
  c.add_option(
       "--precision", o.precision,
       "weights and features in 16 bits; close, not the same. bfloat16: about half the memory, and faster where the processor multiplies it (edvr info); float16: eight times as close, but multiplied as float32, with weights packed as that, so it saves less")
      ->check(CLI::IsMember({"float32", "float16", "bfloat16"}))
      ->capture_default_str();
  auto* const device = c.add_option("--device", o.device, "cpu, or cuda or cuda:N for a GPU, in float32 (built with EDVR_CUDA=ON)")
                           ->check(not_a_device)
                           ->capture_default_str();
  c.add_option("-g,--gpu-id", o.gpu, "the same by number: -1 the processor, N the GPU cuda:N; one, not a list")
      ->transform(whole_number(-1, 999))
      ->excludes(device);
  c.add_option("-j,--jobs", o.jobs,
               "pictures decoded ahead (of a stream always 1), threads that compute (0: all cores), frames encoded at once (default 1:0:1)")
      ->check(not_empty)
      ->type_name("LOAD:PROC:SAVE");
  c.add_option(
       "--progress", o.progress,
       "auto: a bar on a terminal; json: a line for every tenth of a frame on standard error, with frames_done, frames, seconds and seconds_left")
      ->check(CLI::IsMember({"auto", "bar", "json", "none"}))
      ->capture_default_str();
  c.add_flag("--stats", o.stats, "say how long it took and how much memory");
}

void settle(CLI::App const& c, restore_options& o) {
  if (o.gpu >= -1) o.device = o.gpu < 0 ? "cpu" : edvr::text("cuda:", o.gpu);
  if (c.count("--scene-cut") > 0 && o.scene_cut == 0) o.scene_cut = scene_cuts::usual_threshold;
  parse_jobs(o);
  if (o.device != "cpu" && (o.precision != "float32" || o.max_memory > 0))
    throw CLI::ValidationError("--device", "a GPU computes in float32 and has memory of its own; leave --precision and --max-memory out");
}

}  // namespace program
