// SPDX-License-Identifier: Apache-2.0
// YUV4MPEG2 ("y4m"), the uncompressed video that ffmpeg and others pipe: one line of header, then for each frame a line and its planes.
#pragma once
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include "edvr/core/tensor.hpp"

namespace edvr::inline v1 {

/// How many chroma samples there are, and where they lie: between two pixels (center) or on the left one.
enum class chroma { mono, yuv420_center, yuv420_left, yuv422, yuv444 };
/// Which sums of red, green and blue Y, Cb and Cr are: ITU-R BT.601 (SD) or BT.709 (HD).
enum class color_matrix { bt601, bt709 };

/// What the header of a stream says. The rate and the shape of pixels are carried as they are, exact fractions.
struct y4m_header {
  index_t width = 0, height = 0;
  chroma sampling = chroma::yuv420_center;
  int bits = 8;                                        // of a sample; more than 8 are two bytes each, little-endian
  bool full_range = false;                             // 0 .. 255 (of 8 bits), else Y 16 .. 235, chroma 16 .. 240
  std::int64_t rate[2] = {25, 1}, aspect[2] = {0, 0};  // frames a second; width of a pixel over its height, 0:0 unknown
  std::vector<std::string> extra = {};                 // X tags that are passed on as they are, their first 200 characters
  static constexpr std::size_t most_bytes = 4096;      // of a line that is read or written

  bool has_chroma() const { return sampling != chroma::mono; }
  bool halves_rows() const { return sampling == chroma::yuv420_center || sampling == chroma::yuv420_left; }
  /// Of chroma that is halved across: on the left pixel of two, else between them.
  bool on_left_pixel() const { return sampling == chroma::yuv420_left || sampling == chroma::yuv422; }
  pair chroma_shape() const {
    index_t const w = sampling == chroma::yuv444 ? width : (width + 1) / 2;
    return halves_rows() ? pair((height + 1) / 2, w) : pair(height, w);
  }
  index_t samples() const { return width * height + (has_chroma() ? 2 * chroma_shape().y * chroma_shape().x : 0); }
  index_t frame_bytes() const { return samples() * (bits > 8 ? 2 : 1); }
};

/// The rule by which players choose when nothing says which matrix a stream has: BT.709 from 720 lines on.
inline color_matrix usual_matrix(index_t height) { return height >= 720 ? color_matrix::bt709 : color_matrix::bt601; }

namespace detail {
struct y4m_chroma_name {
  std::string_view name;
  chroma sampling;
};
inline constexpr y4m_chroma_name y4m_chroma_names[] = {{"420jpeg", chroma::yuv420_center},
                                                       {"420mpeg2", chroma::yuv420_left},
                                                       {"420paldv", chroma::yuv420_left},
                                                       {"420", chroma::yuv420_center},
                                                       {"422", chroma::yuv422},
                                                       {"444", chroma::yuv444},
                                                       {"mono", chroma::mono}};

/// "444p10" and the like: sampling and bits. Throws io_error for what cannot be read.
inline std::pair<chroma, int> parse_y4m_chroma(std::string const& who, std::string_view tag) {
  auto const refuse = [&] {
    return io_error(text(
        who, ": y4m color space C", std::string(tag.substr(0, 40)),
        "; expected C420jpeg, C420mpeg2, C420paldv, C422, C444 or Cmono, of 8 to 16 bits (C420p10, Cmono12): convert with ffmpeg -pix_fmt yuv420p"));
  };
  for (auto const& [name, sampling] : y4m_chroma_names)
    if (tag == name) return {sampling, 8};
  for (auto const& [base, sampling] :
       {y4m_chroma_name{"420p", chroma::yuv420_left}, {"422p", chroma::yuv422}, {"444p", chroma::yuv444}, {"mono", chroma::mono}}) {
    if (!tag.starts_with(base)) continue;
    auto const digits = tag.substr(base.size());
    int bits = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc{} || end != digits.data() + digits.size() || bits < 9 || bits > 16) throw refuse();
    return {sampling, bits};
  }
  throw refuse();
}
inline std::int64_t y4m_number(std::string const& who, char tag, std::string_view digits, std::int64_t least, std::int64_t most) {
  std::int64_t n = -1;
  auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (error != std::errc{} || end != digits.data() + digits.size() || n < least || n > most)
    throw io_error(text(who, ": y4m header has ", std::string(1, tag), std::string(digits.substr(0, 40)), "; expected a number from ",
                        least, " to ", most));
  return n;
}
inline void y4m_fraction(std::string const& who, char tag, std::string_view s, std::int64_t least, std::int64_t (&to)[2]) {
  auto const colon = s.find(':');
  constexpr std::int64_t most = 2147483647;
  if (colon == std::string_view::npos)
    throw io_error(
        text(who, ": y4m header has ", std::string(1, tag), std::string(s.substr(0, 40)), "; expected a fraction such as 30000:1001"));
  to[0] = y4m_number(who, tag, s.substr(0, colon), least, most), to[1] = y4m_number(who, tag, s.substr(colon + 1), least, most);
}
}  // namespace detail

/// The header line without its end. Throws io_error, beginning with `who`.
inline y4m_header parse_y4m_header(std::string const& who, std::string_view line) {
  constexpr std::string_view magic = "YUV4MPEG2";
  if (!line.starts_with(magic) || (line.size() > magic.size() && line[magic.size()] != ' '))
    throw io_error(text(who, ": does not begin with YUV4MPEG2; expected a y4m stream (ffmpeg: -f yuv4mpegpipe)"));
  y4m_header h;
  line.remove_prefix(magic.size());
  std::string seen;
  while (!line.empty()) {
    line.remove_prefix(1);  // a space
    auto const tag = line.substr(0, line.find(' '));
    line.remove_prefix(tag.size());
    if (tag.empty()) continue;
    char const which = tag[0];
    auto const value = tag.substr(1);
    if (which != 'X') {
      if (seen.find(which) != std::string::npos) throw io_error(text(who, ": y4m header has ", std::string(1, which), " twice"));
      seen += which;
    }
    switch (which) {
      case 'W': h.width = detail::y4m_number(who, 'W', value, 1, 16384); break;
      case 'H': h.height = detail::y4m_number(who, 'H', value, 1, 16384); break;
      case 'F': detail::y4m_fraction(who, 'F', value, 1, h.rate); break;
      case 'A': detail::y4m_fraction(who, 'A', value, 0, h.aspect); break;
      case 'I':
        if (value != "p" && value != "?")
          throw io_error(text(who, ": y4m stream is interlaced (I", std::string(value.substr(0, 8)),
                              "); expected whole frames: deinterlace it first (ffmpeg: -vf bwdif)"));
        break;
      case 'C': std::tie(h.sampling, h.bits) = detail::parse_y4m_chroma(who, value); break;
      case 'X':
        if (value == "COLORRANGE=FULL")
          h.full_range = true;
        else if (value != "COLORRANGE=LIMITED" && !value.starts_with("YSCSS="))  // YSCSS: what C says already
          h.extra.emplace_back(value.substr(0, 200));
        if (h.extra.size() > 100) throw io_error(text(who, ": y4m header has more than 100 X tags"));
        break;
      default:
        throw io_error(text(who, ": y4m header has an unknown tag ", std::string(tag.substr(0, 40)), "; expected W, H, F, I, A, C or X"));
    }
  }
  if (h.width == 0 || h.height == 0) throw io_error(text(who, ": y4m header lacks W or H"));
  constexpr index_t most_pixels = index_t{1} << 26;
  if (h.width * h.height > most_pixels)
    throw io_error(text(who, ": y4m frames of ", h.width, " x ", h.height, " pixels; expected at most ", most_pixels, " pixels"));
  return h;
}
/// The header line, with its end. X tags without room are left out; of more than 8 bits yuv420_center has no name and becomes _left.
inline std::string y4m_header_line(y4m_header const& h) {
  std::string_view const base[] = {"mono", "420jpeg", "420mpeg2", "422", "444"}, deep[] = {"mono", "420p", "420p", "422p", "444p"};
  auto const which = static_cast<int>(h.sampling);
  std::string line = text("YUV4MPEG2 W", h.width, " H", h.height, " F", h.rate[0], ':', h.rate[1], " Ip A", h.aspect[0], ':', h.aspect[1],
                          " C", std::string((h.bits > 8 ? deep : base)[which]));
  if (h.bits > 8) line += std::to_string(h.bits);
  line += h.full_range ? " XCOLORRANGE=FULL" : " XCOLORRANGE=LIMITED";
  for (auto const& x : h.extra)
    if (line.size() + 2 + x.size() <= y4m_header::most_bytes) line += " X" + x;
  return line + '\n';
}

namespace detail {
/// Weights of red and blue in Y; green has the rest.
inline std::pair<double, double> luma_weights(color_matrix m) {
  return m == color_matrix::bt601 ? std::pair{0.299, 0.114} : std::pair{0.2126, 0.0722};
}
/// What a sample s stands for: (s - zero) / span, Y in [0, 1], chroma in [-1/2, 1/2].
struct sample_range {
  double luma_zero, luma_span, chroma_zero, chroma_span;
  explicit sample_range(y4m_header const& h) {
    double const unit = std::ldexp(1., h.bits - 8), most = std::ldexp(1., h.bits) - 1;
    luma_zero = h.full_range ? 0 : 16 * unit, luma_span = h.full_range ? most : 219 * unit;
    chroma_zero = 128 * unit, chroma_span = h.full_range ? most : 224 * unit;
  }
};
/// Chroma of one axis at luma position p, with samples every `step` pixels: which two, and how much of the second. `left`: samples lie on
/// even pixels, else between two.
inline std::pair<index_t, double> chroma_taps(index_t p, index_t step, bool left) {
  if (step == 1) return {p, 0.};
  double const at = left ? static_cast<double>(p) / 2 : (static_cast<double>(p) - 0.5) / 2;
  auto const first = static_cast<index_t>(std::floor(at));
  return {first, at - static_cast<double>(first)};
}
}  // namespace detail

/// The planes of a frame, samples in order Y, Cb, Cr, as RGB (3, h, w) in [0, 1] and somewhat beyond where a stream goes there. Chroma is
/// interpolated bilinearly from where its samples lie. bytes: h.frame_bytes() of them. Throws io_error for another number, or a sample with
/// more bits than the header says.
template <class T>
tensor<T, 3> y4m_to_rgb(y4m_header const& h, std::span<std::byte const> bytes, color_matrix matrix) {
  if (static_cast<index_t>(bytes.size()) != h.frame_bytes())
    throw io_error(text("y4m frame of ", bytes.size(), " bytes; expected ", h.frame_bytes()));
  auto const rgb = empty<T>(coord<3>{{3, h.height, h.width}});
  if (h.bits > 8)
    for (std::size_t i = 1; i < bytes.size(); i += 2)
      if (static_cast<unsigned>(bytes[i]) >> (h.bits - 8) != 0)
        throw io_error(text("a sample of ", static_cast<unsigned>(bytes[i - 1]) | static_cast<unsigned>(bytes[i]) << 8, " in a stream of ",
                            h.bits, " bits; expected less than 2^", h.bits, ", in two bytes, the lower one first"));
  auto const sample = [&](index_t i) {
    return h.bits > 8 ? static_cast<double>(static_cast<unsigned>(bytes[static_cast<std::size_t>(2 * i)]) |
                                            static_cast<unsigned>(bytes[static_cast<std::size_t>(2 * i + 1)]) << 8)
                      : static_cast<double>(bytes[static_cast<std::size_t>(i)]);
  };
  detail::sample_range const range(h);
  auto const [kr, kb] = detail::luma_weights(matrix);
  pair const c = h.chroma_shape();
  bool const left = h.on_left_pixel();
  index_t const down = h.halves_rows() ? 2 : 1, across = h.sampling == chroma::yuv444 ? 1 : 2;
  index_t const pixels = h.height * h.width;
  for (index_t i = 0; i < h.height; ++i) {
    auto const [top, below] = detail::chroma_taps(i, down, false);
    for (index_t j = 0; j < h.width; ++j) {
      double const y = (sample(i * h.width + j) - range.luma_zero) / range.luma_span;
      double color[2] = {0, 0};
      if (h.has_chroma()) {
        auto const [first, beside] = detail::chroma_taps(j, across, left);
        for (int k = 0; k < 2; ++k) {
          auto const at = [&, k = k](index_t row, index_t column) {
            return sample(pixels + k * c.y * c.x + std::clamp<index_t>(row, 0, c.y - 1) * c.x + std::clamp<index_t>(column, 0, c.x - 1));
          };
          double const upper = (1 - beside) * at(top, first) + beside * at(top, first + 1),
                       lower = (1 - beside) * at(top + 1, first) + beside * at(top + 1, first + 1);
          color[k] = ((1 - below) * upper + below * lower - range.chroma_zero) / range.chroma_span;
        }
      }
      double const blue = y + 2 * (1 - kb) * color[0], red = y + 2 * (1 - kr) * color[1];
      rgb(0, i, j) = static_cast<T>(red);
      rgb(1, i, j) = static_cast<T>((y - kr * red - kb * blue) / (1 - kr - kb));
      rgb(2, i, j) = static_cast<T>(blue);
    }
  }
  return rgb;
}

/// RGB (3, h, w), clamped to [0, 1], NaN to 0, as the planes of a frame, rounded to nearest. Chroma is the mean over what a sample stands
/// for. Throws shape_error if the frame is not of the header's size.
template <class T>
std::vector<std::byte> y4m_from_rgb(y4m_header const& h, tensor<T, 3> const& rgb, color_matrix matrix) {
  if (!(rgb.shape() == coord<3>{{3, h.height, h.width}}))
    throw shape_error(text("y4m: frame has shape ", rgb.shape(), "; expected (3, ", h.height, ", ", h.width, ")"));
  std::vector<std::byte> out(static_cast<std::size_t>(h.frame_bytes()));
  double const most = std::ldexp(1., h.bits) - 1;
  auto const put = [&](index_t i, double v) {
    auto const s = static_cast<unsigned>(std::nearbyint(std::clamp(v, 0., most)));
    if (h.bits > 8) {
      out[static_cast<std::size_t>(2 * i)] = static_cast<std::byte>(s & 255u);
      out[static_cast<std::size_t>(2 * i + 1)] = static_cast<std::byte>(s >> 8);
    } else {
      out[static_cast<std::size_t>(i)] = static_cast<std::byte>(s);
    }
  };
  detail::sample_range const range(h);
  auto const [kr, kb] = detail::luma_weights(matrix);
  index_t const pixels = h.height * h.width;
  std::vector<double> color(h.has_chroma() ? static_cast<std::size_t>(2 * pixels) : 0);
  for (index_t i = 0; i < h.height; ++i)
    for (index_t j = 0; j < h.width; ++j) {
      auto const light = [&](index_t c) {
        auto const v = static_cast<double>(rgb(c, i, j));
        return v > 0 ? std::min(v, 1.) : 0.;  // NaN too
      };
      double const r = light(0), b = light(2), y = kr * r + (1 - kr - kb) * light(1) + kb * b;
      put(i * h.width + j, range.luma_zero + range.luma_span * y);
      if (color.empty()) continue;
      color[static_cast<std::size_t>(i * h.width + j)] = (b - y) / (2 * (1 - kb));
      color[static_cast<std::size_t>(pixels + i * h.width + j)] = (r - y) / (2 * (1 - kr));
    }
  if (color.empty()) return out;
  pair const c = h.chroma_shape();
  bool const left = h.on_left_pixel(), halved = h.halves_rows();
  for (int k = 0; k < 2; ++k)
    for (index_t i = 0; i < c.y; ++i)
      for (index_t j = 0; j < c.x; ++j) {
        auto const at = [&](index_t row, index_t column) {
          return color[static_cast<std::size_t>(k * pixels + std::clamp<index_t>(row, 0, h.height - 1) * h.width +
                                                std::clamp<index_t>(column, 0, h.width - 1))];
        };
        auto const row_mean = [&](index_t row) {
          if (h.sampling == chroma::yuv444) return at(row, j);
          return left ? (at(row, 2 * j - 1) + 2 * at(row, 2 * j) + at(row, 2 * j + 1)) / 4 : (at(row, 2 * j) + at(row, 2 * j + 1)) / 2;
        };
        double const mean = halved ? (row_mean(2 * i) + row_mean(2 * i + 1)) / 2 : row_mean(i);
        put(pixels + k * c.y * c.x + i * c.x + j, range.chroma_zero + range.chroma_span * mean);
      }
  return out;
}

/// Bytes as they come: read(to, n) gives how many of n it could, fewer only at the end.
using byte_source = std::function<std::size_t(std::byte* to, std::size_t n)>;

/// Reads a stream frame by frame; holds one frame.
class y4m_reader {
 public:
  /// Reads the header. Throws io_error, beginning with `who`.
  y4m_reader(std::string who, byte_source source) : who_(std::move(who)), source_(std::move(source)) {
    auto const first = line(y4m_header::most_bytes);
    if (!first) throw io_error(text(who_, ": y4m stream is empty"));
    header_ = parse_y4m_header(who_, *first);
  }
  y4m_header const& header() const { return header_; }
  index_t frames() const { return frames_; }  // read so far

  /// The planes of the next frame, valid until the next call, or nothing at the end. Throws io_error for a damaged or cut-off frame.
  std::optional<std::span<std::byte const>> next() {
    auto const mark = line(most_mark);
    if (!mark) return {};
    if (*mark != "FRAME" && !mark->starts_with("FRAME "))
      throw io_error(text(who_, ": y4m frame ", frames_, " does not begin with FRAME; the stream is damaged"));
    auto const interlaced = mark->find(" I");
    if (interlaced != std::string::npos && mark->compare(interlaced, 3, " Ip") != 0)
      throw io_error(text(who_, ": y4m frame ", frames_, " is interlaced; deinterlace the clip first (ffmpeg: -vf bwdif)"));
    auto const size = static_cast<std::size_t>(header_.frame_bytes());
    for (std::size_t got = 0; got < size;) {  // memory for the first frame as it comes, not as a header claims
      std::size_t const room = std::min(size - got, std::max(got, std::size_t{1} << 20));
      frame_.resize(std::max(frame_.size(), got + room));
      std::size_t const n = source_(frame_.data() + got, room);
      got += n;
      if (n < room) throw io_error(text(who_, ": y4m frame ", frames_, " has ", got, " bytes; expected ", size, ": the stream is cut off"));
    }
    ++frames_;
    return std::span<std::byte const>(frame_);
  }

 private:
  static constexpr std::size_t most_mark = 256;
  /// Up to the next end of line; nothing at the end of the stream.
  std::optional<std::string> line(std::size_t most) {
    std::string s;
    for (std::byte b; source_(&b, 1) == 1;) {
      if (b == std::byte{'\n'}) return s;
      if (s.size() == most)
        throw io_error(text(who_, ": no end of line in the first ", most, " bytes of a y4m ", header_.width ? "frame's mark" : "header",
                            "; expected a y4m stream (ffmpeg: -f yuv4mpegpipe)"));
      s += static_cast<char>(b);
    }
    if (!s.empty())
      throw io_error(
          text(who_, ": y4m stream is cut off in ", header_.width ? text("the mark of frame ", frames_) : std::string("its header")));
    return {};
  }

  std::string who_;
  byte_source source_;
  y4m_header header_;
  std::vector<std::byte> frame_;
  index_t frames_ = 0;
};

}  // namespace edvr::v1
