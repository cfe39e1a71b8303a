// SPDX-License-Identifier: Apache-2.0
#include "restore_output.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "edvr/io/image.hpp"

namespace program {

namespace {
using namespace edvr;

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

/// Throws io_error unless this file is a PNG of this size and depth whose chunks are whole: what --resume takes for a restored frame.
void check_restored(fs::path const& path, pair size, int bits) {
  static constexpr char end[] = "\0\0\0\0IEND\xae\x42\x60\x82";
  auto const file = read_file(path, std::uintmax_t{1} << 30);
  auto const& b = *file;
  bool const png =
      b.size() > 45 && std::memcmp(b.data(), "\x89PNG\r\n\x1a\n", 8) == 0 && std::memcmp(b.data() + b.size() - 12, end, 12) == 0;
  if (!png || detail::big_endian(b.data() + 16, 4) != size.x || detail::big_endian(b.data() + 20, 4) != size.y ||
      static_cast<int>(b[24]) != bits || b[25] != std::byte{2})
    throw io_error(edvr::text(
        path.string(), ": is there, but is no whole RGB PNG of ", size.x, " x ", size.y, " pixels and ", bits,
        " bits, as this frame restored is; give the options of the first run (--bits, --scale), remove it, or choose another output"));
  std::vector<std::byte> palette;
  detail::check_png_chunks(path.string(), b, palette);
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

restore_output stream_output(restore_options const& o, clip_source& in, frame_range const& range, index_t scale) {
  std::error_code failure;
  if (o.resume) throw CLI::ValidationError("--resume", "a stream has no finished frames to go on from; expected pictures as output");
  if (o.output != "-" && (in.reads(o.output) || (in.pictures() && fs::equivalent(o.input, o.output, failure))))
    throw io_error(edvr::text(o.output, ": would overwrite the input; write to another file"));
  auto const header = output_header(o, in, scale);
  auto sink = stream_sink(o.output, header, o.colors.matrix_for(header.height), o.overwrite, o.savers);
  if (o.output == "-" && sink->writes(o.input == "-" ? "/dev/stdin" : o.input))
    throw io_error(edvr::text("standard output: is the input, ", o.input, "; write to another file"));
  return {std::move(sink), {range}};
}
restore_output picture_output(restore_options const& o, clip_source& in, frame_range const& range, index_t scale) {
  pair const result_size{in.size().y * scale, in.size().x * scale};
  restore_output out{nullptr, {range}};
  std::error_code failure;
  if (!o.rate.empty() || o.sampling != "auto")
    throw CLI::ValidationError("--rate, --chroma", "are for results that are y4m; pictures have neither");
  if (in.pictures() && (o.colors.matrix != "auto" || o.colors.range != "auto"))
    throw CLI::ValidationError("--matrix, --range", "are for y4m, in or out; pictures have neither");
  int const bits = o.bits > 0 ? o.bits : in.bits();
  if (o.bits != 0 && bits != 8 && bits != 16) throw CLI::ValidationError("--bits", edvr::text(bits, ": PNG has 8 or 16"));
  int const deep = bits > 8 ? 16 : 8;
  if (in.pictures()) {
    auto const outputs = plan_outputs(o.output, *in.pictures(), static_cast<std::size_t>(range.first),
                                      static_cast<std::size_t>(*range.last), o.overwrite || o.resume);
    out.runs = missing(outputs, range, o.resume, result_size, deep);
    out.sink =
        picture_sink([outputs, first = range.first](index_t i) { return outputs.at(static_cast<std::size_t>(i - first)); }, deep, o.savers);
  } else {
    auto const outputs = plan_stream_outputs(o.output);
    if (o.resume)
      while ((!range.last || out.runs[0].first < *range.last) && fs::exists(outputs.at(out.runs[0].first), failure))
        check_restored(outputs.at(out.runs[0].first++), result_size, deep);
    if (out.runs[0].last && out.runs[0].first >= *out.runs[0].last) out.runs.clear();
    out.sink = picture_sink(
        [outputs, result_size, deep, resume = o.resume, overwrite = o.overwrite, left = out.left](index_t i) -> std::optional<fs::path> {
          auto const path = outputs.at(i);
          if (fs::exists(path) && !fs::is_regular_file(path))
            throw io_error(edvr::text(path.string(), ": is a folder, pipe or device; remove it or choose another output"));
          bool const there = !overwrite && fs::exists(path);
          if (there && resume) return check_restored(path, result_size, deep), ++*left, std::nullopt;
          if (there)
            throw io_error(edvr::text(path.string(), ": exists; remove it, choose another output, or allow --overwrite or --resume"));
          return path;
        },
        deep, o.savers);
  }
  return out;
}
}  // namespace

restore_output open_output(restore_options const& o, clip_source& in, frame_range const& range, index_t scale) {
  return is_stream(o.output) ? stream_output(o, in, range, scale) : picture_output(o, in, range, scale);
}

}  // namespace program
