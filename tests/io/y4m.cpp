// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "support.hpp"
#include "edvr/io/y4m.hpp"
using namespace edvr;

namespace {
byte_source source_of(std::string bytes) {
  return [bytes = std::move(bytes), at = std::size_t{0}](std::byte* to, std::size_t n) mutable {
    n = std::min(n, bytes.size() - at);
    std::copy_n(reinterpret_cast<std::byte const*>(bytes.data()) + at, n, to);
    at += n;
    return n;
  };
}
index_t read_all(std::string const& bytes) {
  y4m_reader in("s", source_of(bytes));
  while (in.next()) {
  }
  return in.frames();
}
#define REFUSED(PART, BYTES) CHECK_THROWS_SAYING(io_error, PART, read_all(BYTES))
std::string head(std::string const& tags) { return "YUV4MPEG2 " + tags + "\n"; }
std::string const small = head("W4 H2 F25:1 Cmono");  // frames of 8 bytes
std::string const frame = "FRAME\n" + std::string(8, 'x');
y4m_header const every[] = {{.width = 8, .height = 6, .sampling = chroma::mono},
                            {.width = 8, .height = 6, .sampling = chroma::yuv444, .full_range = true},
                            {.width = 7, .height = 5, .sampling = chroma::yuv420_center},
                            {.width = 7, .height = 5, .sampling = chroma::yuv420_left, .bits = 10},
                            {.width = 9, .height = 4, .sampling = chroma::yuv422, .bits = 12},
                            {.width = 1, .height = 1, .sampling = chroma::yuv420_left, .bits = 16, .full_range = true},
                            {.width = 5, .height = 3, .sampling = chroma::yuv444, .bits = 16},
                            {.width = 6, .height = 6, .sampling = chroma::mono, .bits = 9, .full_range = true},
                            {.width = 4, .height = 5, .sampling = chroma::mono, .bits = 12},
                            {.width = 3, .height = 2, .sampling = chroma::mono, .bits = 16},
                            {.width = 6, .height = 7, .sampling = chroma::yuv420_left, .bits = 12, .full_range = true},
                            {.width = 6, .height = 4, .sampling = chroma::yuv420_left, .bits = 9},
                            {.width = 8, .height = 3, .sampling = chroma::yuv422, .bits = 10, .full_range = true},
                            {.width = 5, .height = 5, .sampling = chroma::yuv422, .bits = 16},
                            {.width = 4, .height = 4, .sampling = chroma::yuv444, .bits = 10},
                            {.width = 4, .height = 3, .sampling = chroma::yuv444, .bits = 14, .full_range = true}};
}  // namespace

TEST_CASE("y4m: a header says all of itself, and is read back") {
  auto const h = parse_y4m_header("s", "YUV4MPEG2 W1920 H1080 F30000:1001 Ip A1:1 C420p10 XYSCSS=420P10 XCOLORRANGE=FULL Xfoo=bar");
  CHECK(h.width == 1920);
  CHECK(h.height == 1080);
  CHECK(h.rate[0] == 30000);
  CHECK(h.rate[1] == 1001);
  CHECK(h.aspect[1] == 1);
  CHECK(h.sampling == chroma::yuv420_left);
  CHECK(h.bits == 10);
  CHECK(h.full_range);
  CHECK(h.extra == std::vector<std::string>{"foo=bar"});
  CHECK(h.frame_bytes() == 1920 * 1080 * 3);
  CHECK(y4m_header_line(h) == "YUV4MPEG2 W1920 H1080 F30000:1001 Ip A1:1 C420p10 XCOLORRANGE=FULL Xfoo=bar\n");
  for (auto const& e : every) {
    auto line = y4m_header_line(e);
    line.pop_back();
    auto const back = parse_y4m_header("s", line);
    CHECK(back.sampling == e.sampling);
    CHECK(back.bits == e.bits);
    CHECK(back.full_range == e.full_range);
    CHECK(back.frame_bytes() == e.frame_bytes());
  }
  CHECK(parse_y4m_header("s", "YUV4MPEG2 W7 H5").frame_bytes() == 35 + 2 * 4 * 3);  // 4:2:0 of odd sizes is rounded up
  CHECK(parse_y4m_header("s", "YUV4MPEG2 W7 H5 C420paldv").sampling == chroma::yuv420_left);
}
TEST_CASE("y4m: a header that was read can be read again, however long its tags are") {
  std::string tags = "W4 H2";
  while (tags.size() < 4000) tags += " X" + std::string(100, 'x');
  auto const h = parse_y4m_header("s", "YUV4MPEG2 " + tags);
  CHECK(h.extra.size() > 38);
  CHECK(read_all(y4m_header_line(h) + "FRAME\n" + std::string(12, 'x')) == 1);
}
TEST_CASE("y4m: known colours by both matrices and ranges") {
  y4m_header h{.width = 1, .height = 1, .sampling = chroma::yuv444};
  auto const bytes = [](std::vector<int> const& v) {
    std::vector<std::byte> b;
    for (int i : v) b.push_back(static_cast<std::byte>(i));
    return b;
  };
  auto const color = [](float r, float g, float b) { return from({r, g, b}, {3, 1, 1}); };
  // Y, Cb, Cr of red, and of white and black, from the standards' definitions.
  CHECK(y4m_from_rgb(h, color(1, 0, 0), color_matrix::bt601) == bytes({81, 90, 240}));
  CHECK(y4m_from_rgb(h, color(1, 0, 0), color_matrix::bt709) == bytes({63, 102, 240}));
  CHECK(y4m_from_rgb(h, color(0, 0, 1), color_matrix::bt601) == bytes({41, 240, 110}));
  CHECK(y4m_from_rgb(h, color(0, 1, 0), color_matrix::bt709) == bytes({173, 42, 26}));
  CHECK(y4m_from_rgb(h, color(1, 1, 1), color_matrix::bt601) == bytes({235, 128, 128}));
  CHECK(y4m_from_rgb(h, color(0, 0, 0), color_matrix::bt601) == bytes({16, 128, 128}));
  CHECK(y4m_from_rgb(h, color(2, -1, 0), color_matrix::bt601) == y4m_from_rgb(h, color(1, 0, 0), color_matrix::bt601));
  h.full_range = true;
  CHECK(y4m_from_rgb(h, color(1, 0, 0), color_matrix::bt601) == bytes({76, 85, 255}));
  CHECK(y4m_from_rgb(h, color(1, 1, 1), color_matrix::bt709) == bytes({255, 128, 128}));
  auto const rgb = y4m_to_rgb<double>(h, bytes({76, 85, 255}), color_matrix::bt601);
  CHECK(std::fabs(rgb(0, 0, 0) - 1) < 0.005);
  CHECK(std::fabs(rgb(1, 0, 0)) < 0.005);
  CHECK(std::fabs(rgb(2, 0, 0)) < 0.005);
  // More bits: the levels of 8, shifted; the full range to the last value there is.
  auto const words = [&](std::vector<int> const& v) {
    std::vector<int> b;
    for (int i : v) b.push_back(i & 255), b.push_back(i >> 8);
    return bytes(b);
  };
  for (int bits : {9, 10, 12, 14, 16}) {
    CAPTURE(bits);
    int const unit = 1 << (bits - 8);
    y4m_header d{.width = 1, .height = 1, .sampling = chroma::yuv444, .bits = bits};
    CHECK(y4m_from_rgb(d, color(1, 1, 1), color_matrix::bt709) == words({235 * unit, 128 * unit, 128 * unit}));
    CHECK(y4m_from_rgb(d, color(0, 0, 0), color_matrix::bt709) == words({16 * unit, 128 * unit, 128 * unit}));
    CHECK(y4m_from_rgb(d, color(0, 0, 1), color_matrix::bt601) ==
          words({static_cast<int>(std::lrint((16 + 219 * 0.114) * unit)), 240 * unit,
                 static_cast<int>(std::lrint((128 - 112 * 0.114 / 0.701) * unit))}));
    auto const white = y4m_to_rgb<double>(d, words({235 * unit, 128 * unit, 128 * unit}), color_matrix::bt709);
    CHECK(eval(max(abs(white - 1.)))() < 1e-12);
    d.full_range = true;
    CHECK(y4m_from_rgb(d, color(1, 1, 1), color_matrix::bt709) == words({256 * unit - 1, 128 * unit, 128 * unit}));
    CHECK(y4m_from_rgb(d, color(0, 0, 0), color_matrix::bt709) == words({0, 128 * unit, 128 * unit}));
  }
  CHECK(usual_matrix(719) == color_matrix::bt601);
  CHECK(usual_matrix(720) == color_matrix::bt709);
}
TEST_CASE(
    "y4m: planes to RGB and back are the same planes where no chroma is interpolated, and near RGB where it is smooth, of every kind") {
  for (auto h : every)
    for (auto matrix : {color_matrix::bt601, color_matrix::bt709}) {
      CAPTURE(static_cast<int>(h.sampling));
      CAPTURE(h.bits);
      auto rgb = empty<double>({3, h.height, h.width});  // a slope in every colour, gray where there is no chroma
      for (index_t i = 0; i < h.height; ++i)
        for (index_t j = 0; j < h.width; ++j)
          for (index_t c = 0; c < 3; ++c)
            rgb(c, i, j) =
                0.3 + 0.03 * static_cast<double>(i) + 0.02 * static_cast<double>(j) * (h.has_chroma() ? static_cast<double>(c) : 1);
      auto const planes = y4m_from_rgb(h, rgb, matrix);
      CHECK(static_cast<index_t>(planes.size()) == h.frame_bytes());
      auto const back = y4m_to_rgb<double>(h, planes, matrix);
      bool const interpolated = h.has_chroma() && h.sampling != chroma::yuv444;
      CHECK(eval(max(abs(back - rgb)))() < (interpolated ? 0.04 : 0) + 2.5 / std::ldexp(1., h.bits));
      if (!interpolated) CHECK(y4m_from_rgb(h, back, matrix) == planes);
      auto const flat = full<double>({3, h.height, h.width}, 0.25);
      CHECK(eval(max(abs(y4m_to_rgb<double>(h, y4m_from_rgb(h, flat, matrix), matrix) - flat)))() <
            2.5 / std::ldexp(1., h.bits));  // the middle of chroma is exact
    }
  CHECK_THROWS_SAYING(shape_error, "y4m: frame has shape (3, 2, 2); expected (3, 6, 8)",
                      y4m_from_rgb(every[0], zeros<float>({3, 2, 2}), color_matrix::bt601));
}
TEST_CASE("y4m: samples whose colours are in the RGB cube come back, the others as the nearest there are, and those come back then") {
  y4m_header h{.sampling = chroma::yuv444};
  h.width = h.height = 1;
  int inside = 0, outside = 0;
  for (int y = 16; y <= 235; y += 7)
    for (int u = 16; u <= 240; u += 8)
      for (int v = 16; v <= 240; v += 8) {
        std::vector<std::byte> const planes{static_cast<std::byte>(y), static_cast<std::byte>(u), static_cast<std::byte>(v)};
        auto const rgb = y4m_to_rgb<double>(h, planes, color_matrix::bt601);
        auto const again = y4m_from_rgb(h, rgb, color_matrix::bt601);
        if (eval(min(rgb))() >= 0 && eval(max(rgb))() <= 1) {
          ++inside;
          CHECK(again == planes);
          continue;
        }
        ++outside;
        auto const once_more = y4m_from_rgb(h, y4m_to_rgb<double>(h, again, color_matrix::bt601), color_matrix::bt601);
        for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(static_cast<int>(once_more[i]) - static_cast<int>(again[i])) <= 1);
      }
  CHECK(inside > 1000);
  CHECK(outside > 1000);
}
TEST_CASE("y4m: NaN is black, as in pictures") {
  y4m_header const h{.width = 2, .height = 2, .sampling = chroma::yuv444};
  CHECK(y4m_from_rgb(h, full<float>({3, 2, 2}, std::nanf("")), color_matrix::bt601) ==
        y4m_from_rgb(h, zeros<float>({3, 2, 2}), color_matrix::bt601));
}
TEST_CASE("y4m: chroma lies where the header says: a ramp of colour stays one inside the picture") {
  for (auto sampling : {chroma::yuv420_center, chroma::yuv420_left, chroma::yuv422}) {
    y4m_header const h{.width = 32, .height = 16, .sampling = sampling, .bits = 16};
    auto rgb = empty<double>({3, 16, 32});
    for (index_t i = 0; i < 16; ++i)
      for (index_t j = 0; j < 32; ++j)
        rgb(0, i, j) = 0.2 + 0.01 * static_cast<double>(j), rgb(1, i, j) = 0.5, rgb(2, i, j) = 0.3 + 0.02 * static_cast<double>(i);
    auto const back = y4m_to_rgb<double>(h, y4m_from_rgb(h, rgb, color_matrix::bt709), color_matrix::bt709);
    auto const inside = [](auto const& x) { return slice(slice(x, 1, 2, 14), 2, 2, 30); };
    CHECK(eval(max(abs(inside(back) - inside(rgb))))() < 1e-3);
  }
}
TEST_CASE("y4m: the pixels that a sample of chroma stands for, and what lies between two samples") {
  auto const blue_of = [](chroma sampling, index_t rows, int a, int b) {  // (w 4) of luma 0: blue is 2 (1 - 0.114) Cb
    y4m_header const h{.width = 4, .height = rows, .sampling = sampling, .full_range = true};
    std::vector<std::byte> planes(static_cast<std::size_t>(4 * rows), std::byte{0});
    auto const [y, x] = h.chroma_shape();
    for (int k = 0; k < 2; ++k)
      for (index_t i = 0; i < y; ++i)
        for (index_t j = 0; j < x; ++j) planes.push_back(static_cast<std::byte>(k == 1 ? 128 : j == 0 ? a : b));
    auto const rgb = y4m_to_rgb<double>(h, planes, color_matrix::bt601);
    std::vector<double> cb;
    for (index_t j = 0; j < 4; ++j) cb.push_back(rgb(2, 0, j) / (2 * (1 - 0.114)) * 255 + 128);
    return cb;
  };
  auto const near = [](std::vector<double> const& a, std::vector<double> const& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) { return std::fabs(x - y) < 1e-9; });
  };
  CHECK(near(blue_of(chroma::yuv420_left, 2, 128, 228), {128, 178, 228, 228}));
  CHECK(near(blue_of(chroma::yuv422, 1, 128, 228), {128, 178, 228, 228}));
  CHECK(near(blue_of(chroma::yuv420_center, 2, 128, 228), {128, 153, 203, 228}));
  CHECK(near(blue_of(chroma::yuv444, 1, 128, 228), {128, 228, 228, 228}));

  auto const samples_of = [](chroma sampling, index_t blue) {  // one column of (2, 4) is blue, whose Cb is 1/2
    y4m_header const h{.width = 4, .height = 2, .sampling = sampling, .full_range = true};
    auto const rgb = zeros<float>({3, 2, 4});
    rgb(2, 0, blue) = rgb(2, 1, blue) = 1;
    auto const planes = y4m_from_rgb(h, rgb, color_matrix::bt601);
    return std::pair(static_cast<int>(planes[8]), static_cast<int>(planes[9]));
  };
  CHECK(samples_of(chroma::yuv420_left, 0) == std::pair(224, 128));  // 3/4 of 127.5, counting the edge twice
  CHECK(samples_of(chroma::yuv420_left, 1) == std::pair(160, 160));
  CHECK(samples_of(chroma::yuv422, 1) == std::pair(160, 160));
  CHECK(samples_of(chroma::yuv420_center, 0) == std::pair(192, 128));
  CHECK(samples_of(chroma::yuv420_center, 1) == std::pair(192, 128));
}
TEST_CASE("y4m: frames come one by one, with parameters or without") {
  y4m_reader in("s", source_of(small + frame + "FRAME Xnote=1 Ip\nabcdefgh"));
  CHECK(in.next()->size() == 8);
  CHECK((*in.next())[1] == std::byte{'b'});
  CHECK(!in.next());
  CHECK(in.frames() == 2);
  CHECK(read_all(small) == 0);
}
TEST_CASE("hostile input 56: y4m headers that lie") {
  REFUSED("s: y4m stream is empty", "");
  REFUSED("cut off in its header", "YUV4MPEG2 W4");
  REFUSED("does not begin with YUV4MPEG2", "YUV4MPEG3 W4 H2\n");
  REFUSED("does not begin with YUV4MPEG2", "YUV4MPEG2W4 H2\n");
  REFUSED("has W-8; expected a number from 1 to 16384", head("W-8 H2"));
  for (auto w : {"W0", "W2147483648", "W99999999999999999999", "Wx", "W", "W4x", "W0x10", "W+4"})
    REFUSED("expected a number from 1 to 16384", head(std::string(w) + " H2"));
  REFUSED("lacks W or H", head("W4"));
  REFUSED("lacks W or H", head("H4"));
  for (auto f : {"F30:0", "F0:0", "F-1:1", "F30:", "F:", "F99999999999:1"})
    REFUSED("expected a number from 1 to 2147483647", head(std::string("W4 H2 ") + f));
  REFUSED("expected a fraction", head("W4 H2 F30"));
  REFUSED("has W twice", head("W4 H2 W4"));
  REFUSED("unknown tag Q1", head("W4 H2 Q1"));
  REFUSED("more than 100 X tags", head("W4 H2" + [] {
            std::string s;
            for (int i = 0; i < 101; ++i) s += " Xa";
            return s;
          }()));
  REFUSED("no end of line in the first 4096 bytes", "YUV4MPEG2 " + std::string(10'000'000, 'X'));
  REFUSED("expected at most 67108864 pixels", head("W16384 H16384"));
  CHECK(read_all(head("W4 H2 Xanything=at,all Cmono A0:0 I?")) == 0);
}
TEST_CASE("hostile input 57: chroma that is known, and that is not") {
  for (auto c : {"420jpeg", "420mpeg2", "420paldv", "420", "422", "444", "mono", "420p10", "422p12", "444p16", "mono9", "420p9", "420p14"})
    CHECK(read_all(head(std::string("W3 H3 C") + c)) == 0);
  for (auto c : {"411", "444alpha", "410", "420p8", "420p17", "420p", "420p1x", "mono8x", "444p-9", "", "440"})
    REFUSED("expected C420jpeg", head(std::string("W3 H3 C") + c));
}
TEST_CASE("hostile input 58: frames that are cut off, damaged or interlaced") {
  REFUSED("y4m frame 1 does not begin with FRAME", small + frame + "FRAMED\n12345678");
  REFUSED("y4m frame 0 does not begin with FRAME", small + "12345678\n");
  REFUSED("cut off in the mark of frame 1", small + frame + "FRA");
  REFUSED("y4m frame 0 has 7 bytes; expected 8: the stream is cut off", small + frame.substr(0, frame.size() - 1));
  REFUSED("y4m frame 0 has 0 bytes", small + "FRAME\n");
  REFUSED("no end of line in the first 256 bytes of a y4m frame's mark", small + "FRAME " + std::string(1000, 'x'));
  REFUSED("stream is interlaced (It)", head("W4 H2 It"));
  REFUSED("y4m frame 0 is interlaced", small + "FRAME It\n12345678");
  std::string const whole = small + frame + frame;
  for (std::size_t n = small.size(); n < whole.size(); ++n)
    if ((n - small.size()) % frame.size() != 0) CHECK_THROWS_AS(read_all(whole.substr(0, n)), io_error);
  // A small header must not take much memory: the first frame's comes with its bytes.
  REFUSED("y4m frame 0 has 3 bytes; expected 402653184", head("W8192 H8192 C444p16") + "FRAME\nabc");
}
TEST_CASE("samples of more bits than the header says are refused") {
  y4m_header const h{.width = 1, .height = 1, .sampling = chroma::mono, .bits = 10};
  CHECK(y4m_to_rgb<float>(h, std::vector<std::byte>{std::byte{0xff}, std::byte{3}}, color_matrix::bt601)(0, 0, 0) > 1);
  CHECK_THROWS_SAYING(io_error, "a sample of 1024 in a stream of 10 bits; expected less than 2^10",
                      y4m_to_rgb<float>(h, std::vector<std::byte>{std::byte{0}, std::byte{4}}, color_matrix::bt601));
}
TEST_CASE("hostile input 60: ranges and tags of colour") {
  CHECK(!parse_y4m_header("s", "YUV4MPEG2 W4 H2 XCOLORRANGE=LIMITED").full_range);
  CHECK(parse_y4m_header("s", "YUV4MPEG2 W4 H2 XCOLORRANGE=FULL").full_range);
  CHECK(parse_y4m_header("s", "YUV4MPEG2 W4 H2 XCOLORRANGE=odd").extra.size() == 1);
}
