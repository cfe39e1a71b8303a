// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>

#include "edvr/io/image.hpp"
#include "files.hpp"
#include "support.hpp"
#include <stb_image.h>  // as a user of both includes it: nothing is compiled a second time
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stb_image_write.h>  // for JPEG, which the library does not write
#pragma GCC diagnostic pop
using namespace edvr;
using namespace files;

namespace {
std::string big(std::uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8), static_cast<char>(v)};
}
std::string png_header(std::uint32_t w, std::uint32_t h, int depth, int colour) {
  return "\x89PNG\r\n\x1a\n" + big(13) + "IHDR" + big(w) + big(h) +
         std::string{static_cast<char>(depth), static_cast<char>(colour), 0, 0, 0} + "\1\2\3\4";
}
/// A chunk of a PNG.
std::string chunk(std::string const& name, std::string const& data) {
  auto const s = name + data;
  return big(static_cast<std::uint32_t>(data.size())) + s + big(detail::crc32(std::as_bytes(std::span(s))));
}
std::string deflated(std::string const& data) {
  std::string out(compressBound(data.size()), '\0');
  uLongf n = out.size();
  compress2(reinterpret_cast<Bytef*>(out.data()), &n, reinterpret_cast<Bytef const*>(data.data()), data.size(), 9);
  return out.substr(0, n);
}
void decode(std::string const& bytes) { (void)decode_image("f.png", *bytes_of(bytes)); }
#define REFUSED(PART, BYTES) CHECK_THROWS_SAYING(io_error, PART, decode(BYTES))
/// Of a picture cut off at every byte, how many are refused, each in words.
int refused_when_cut(std::string const& whole) {
  int refused = 0;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    try {
      decode(whole.substr(0, n));
    } catch (io_error const& e) {
      CHECK(contains(e.what(), "f.png: "));
      ++refused;
    }
  }
  return refused;
}
}  // namespace

TEST_CASE("a PNG comes back as it was written, whatever its layout in memory") {
  auto const path = temporary("picture.png");
  auto const x = to_8bit(uniform<float>({3, 13, 17}, 1));
  write_png(path, x);
  auto const y = read_image(path);
  CHECK(y.shape() == x.shape());
  CHECK(allclose(x, y, 0, 0));
  write_png(path, y);
  CHECK(allclose(read_image(path), x, 0, 0));
  CHECK_FALSE(std::filesystem::exists(path.string() + ".partial"));
  std::filesystem::remove(path);
  CHECK_THROWS_SAYING(io_error, "/nowhere/x.png: cannot be written", write_png("/nowhere/x.png", x));
  CHECK_THROWS_SAYING(shape_error, "expected (3, h, w)", write_png(path, slice(x, 0, 0, 1)));
}
TEST_CASE("a PNG of 16 bits comes back bit by bit; 8 bits read as 16 are 257 times as much") {
  auto const path = temporary("picture16.png");
  auto const x = to_16bit(uniform<double>({3, 13, 17}, 1));
  x(0, 0, 0) = 0, x(1, 0, 0) = 65535, x(2, 0, 0) = 256;
  write_png(path, x);
  CHECK(allclose(read_image16(path), x, 0, 0));
  CHECK(image_bits(*read_file(path)) == 16);
  write_png(path, permute(read_image16(path), {0, 2, 1}));
  CHECK(allclose(read_image16(path), permute(x, {0, 2, 1}), 0, 0));
  CHECK_THROWS_SAYING(io_error, "PNG has 16 bits a channel; expected 8 (read_image16", read_image(path));
  auto const low = to_8bit(uniform<double>({3, 4, 5}, 2));
  write_png(path, low);
  CHECK(image_bits(*read_file(path)) == 8);
  CHECK(allclose(cast<int>(read_image16(path)), cast<int>(low) * 257, 0, 0));
  std::filesystem::remove(path);
  CHECK(allclose(to_16bit(from_16bit<float>(x)), x, 0, 0));
  CHECK(to_16bit(from({-1.f, std::nanf(""), 2.f, 0.5f}, {4}))(2) == 65535);
}
TEST_CASE(
    "hostile inputs 51 and 52: kinds of pictures that are read and not written: progressive and subsampled JPEG, gray of 8 and 16 bits, palettes; CMYK and alpha are refused") {
  std::string const folder = EDVR_GOLDEN "/pictures/";
  auto const error = [&](std::string const& name, bool gray) {
    auto const y = read_image(folder + name);
    REQUIRE(y.shape() == shape<3>{{3, 13, 21}});
    int most = 0;
    for (index_t c = 0; c < 3; ++c)
      for (index_t i = 0; i < 13; ++i)
        for (index_t j = 0; j < 21; ++j)
          most = std::max(most, std::abs(y(c, i, j) - static_cast<int>(40 + 3 * j + 2 * i + (gray ? 0 : 20 * c))));
    return most;
  };
  CHECK(error("progressive.jpg", false) <= 8);
  CHECK(error("subsampled.jpg", false) <= 12);
  CHECK(error("gray.png", true) == 0);
  CHECK(error("palette.png", false) <= 8);
  auto const deep = read_image16(folder + "gray16.png");
  CHECK(deep(2, 3, 5) == (40 + 15 + 6) * 257 + 5);
  CHECK_THROWS_SAYING(io_error, "CMYK", read_image(folder + "cmyk.jpg"));
  CHECK_THROWS_SAYING(io_error, "alpha channel", read_image(folder + "alpha.png"));
}
TEST_CASE("hostile input 49: a PNG cut off at every byte is refused, or decodes if only the end is missing") {
  auto const path = temporary("cut.png");
  auto const x = to_8bit(uniform<float>({3, 9, 11}, 1));
  write_png(path, x);
  auto const whole = text_of(read_file(path));
  std::filesystem::remove(path);
  CHECK(refused_when_cut(whole) >= static_cast<int>(whole.size()) - 16);  // all but, at most, the checksum and the closing chunk
}
TEST_CASE("hostile input 50: headers that claim the impossible are refused before memory is taken") {
  detail::decoder_limit = 0;  // what stb may ask for is settled when the header has passed
  REFUSED("picture of 2147483647 x 2147483647 pixels; expected sides of at most 16384", png_header(0x7fffffff, 0x7fffffff, 8, 2));
  REFUSED("picture of 0 x 5 pixels; expected at least 1 x 1", png_header(0, 5, 8, 2));
  REFUSED("picture of 5 x 0 pixels", png_header(5, 0, 8, 2));
  REFUSED("at most 67108864 pixels", png_header(16384, 16384, 1, 0));
  REFUSED("no compression is that good", png_header(8000, 8000, 8, 2));
  CHECK(detail::decoder_limit == 0);
}
TEST_CASE("hostile input 53: other formats under a picture's name") {
  REFUSED("is neither PNG nor JPEG, whatever its name; expected one of them", "GIF89a" + std::string(30, '\1'));
  REFUSED("is neither PNG nor JPEG", "8BPS" + std::string(30, '\1'));                                               // PSD
  REFUSED("is neither PNG nor JPEG", std::string("\0\0\2\0", 4) + std::string(30, '\1'));                           // TGA
  REFUSED("is neither PNG nor JPEG", "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n" + std::string(30, '\1'));  // HDR
  REFUSED("is neither PNG nor JPEG", "BM" + std::string(60, '\1'));
}
TEST_CASE("hostile input 51: a PNG whose stream unpacks to more than its header says, and a transparent colour") {
  auto const header = chunk("IHDR", big(1) + big(1) + std::string("\x08\x02\0\0\0", 5));
  std::string const start = "\x89PNG\r\n\x1a\n";
  CHECK(decode_image("f", *bytes_of(start + header + chunk("IDAT", deflated(std::string("\0abc", 4))) + chunk("IEND", ""))).shape() ==
        shape<3>{{3, 1, 1}});
  REFUSED("made to deceive", start + header + chunk("IDAT", deflated(std::string(64 << 20, '\0'))) + chunk("IEND", ""));
  REFUSED("transparent colour", start + header + chunk("tRNS", std::string("\0a\0b\0c", 6)) +
                                    chunk("IDAT", deflated(std::string("\0abc", 4))) + chunk("IEND", ""));
}
TEST_CASE("hostile input 51: an interlaced PNG is read; chunks that are missing, empty or of a wrong size are refused") {
  std::string const start = "\x89PNG\r\n\x1a\n", end = chunk("IEND", "");
  auto const header = [&](char interlace) { return start + chunk("IHDR", big(2) + big(2) + std::string("\x08\x02\0\0", 4) + interlace); };
  // Adam7 of 2 x 2: the first pixel, the second, then the second row, each row with its filter.
  auto const x = decode_image("f", *bytes_of(header(1) + chunk("IDAT", deflated(std::string("\0abc\0def\0ghijkl", 15))) + end));
  REQUIRE(x.shape() == shape<3>{{3, 2, 2}});
  std::string pixels;
  for (index_t i : {0, 1})
    for (index_t j : {0, 1})
      for (index_t c : {0, 1, 2}) pixels.push_back(static_cast<char>(x(c, i, j)));
  CHECK(pixels == "abcdefghijkl");
  auto const rows = chunk("IDAT", deflated(std::string("\0abcdef\0ghijkl", 14)));
  CHECK(decode_image("f", *bytes_of(header(0) + rows + end)).shape() == shape<3>{{3, 2, 2}});
  REFUSED("f.png: ", header(0) + end);
  if (!sanitized) REFUSED("f.png: ", header(0) + chunk("IDAT", "") + end);  // stb copies these no bytes to null, which C forbids
  REFUSED("f.png: ", header(0) + rows);
  REFUSED("f.png: ", header(0) + chunk("tRNS", "abc") + rows + end);
  REFUSED("f.png: ", header(1) + rows + end);  // a byte less than interlaced rows take
  REFUSED("f.png: ", header(2) + rows + end);
}
TEST_CASE("hostile inputs 51 and 52: pictures that are not 8-bit RGB or gray are refused in words") {
  REFUSED("is neither PNG nor JPEG, whatever its name", "GIF89a..............................");
  REFUSED("is neither PNG nor JPEG", "");
  REFUSED("PNG is cut off or damaged: no IHDR", "\x89PNG\r\n\x1a\n");
  REFUSED("PNG has 16 bits a channel; expected 8", png_header(2, 2, 16, 2));
  CHECK_THROWS_SAYING(io_error, "f.png: ", decode_image16("f.png", *bytes_of(png_header(2, 2, 16, 2))));
  CHECK_THROWS_SAYING(io_error, "made to deceive", decode_image16("f.png", *bytes_of(png_header(8000, 8000, 16, 2))));
  REFUSED("PNG has an alpha channel", png_header(2, 2, 8, 6));
  REFUSED("PNG has an alpha channel", png_header(2, 2, 8, 4));
  REFUSED("f.png: ", png_header(2, 2, 8, 2));
  REFUSED("JPEG is cut off or damaged: no frame header", "\xff\xd8\xff\xe0");
  std::string const jpeg = std::string("\xff\xd8\xff\xc0") + std::string("\0\x14", 2);
  REFUSED("JPEG has 12 bits", jpeg + "\x0c" + std::string("\0\x08\0\x08\x03", 5) + std::string(20, '\0'));
  REFUSED("(CMYK?)", jpeg + "\x08" + std::string("\0\x08\0\x08\x04", 5) + std::string(20, '\0'));
  REFUSED("made to deceive", jpeg + "\x08" + std::string("\x20\0\x1f\xff\x03", 5) + std::string(20, '\0'));
  REFUSED("f.png: ", jpeg + "\x08" + std::string("\0\x08\0\x08\x03", 5) + std::string(20, '\0'));
}
namespace {
/// A smooth picture as a JPEG of this many channels.
std::string jpeg(int w, int h, int channels) {
  std::vector<unsigned char> pixels;
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x)
      for (int c = 0; c < channels; ++c) pixels.push_back(static_cast<unsigned char>(40 + 3 * x + 2 * y + 20 * c));
  std::string out;
  auto const append = [](void* to, void* data, int n) {
    static_cast<std::string*>(to)->append(static_cast<char const*>(data), static_cast<std::size_t>(n));
  };
  stbi_write_jpg_to_func(append, &out, w, h, channels, pixels.data(), 95);
  return out;
}
}  // namespace
TEST_CASE("a JPEG decodes to the picture it was made from, gray widened to RGB") {
  auto const x = decode_image("f.jpg", *bytes_of(jpeg(21, 13, 3)));
  REQUIRE(x.shape() == shape<3>{{3, 13, 21}});
  auto const gray = decode_image("f.jpg", *bytes_of(jpeg(21, 13, 1)));
  REQUIRE(gray.shape() == shape<3>{{3, 13, 21}});
  for (index_t c = 0; c < 3; ++c)
    for (index_t i = 0; i < 13; ++i)
      for (index_t j = 0; j < 21; ++j) {
        CHECK(std::abs(x(c, i, j) - static_cast<int>(40 + 3 * j + 2 * i + 20 * c)) <= 8);
        CHECK(std::abs(gray(c, i, j) - static_cast<int>(40 + 3 * j + 2 * i)) <= 8);
      }
}
TEST_CASE("hostile input 49: a JPEG cut off at every byte, or with a bit flipped anywhere, is refused or decodes") {
  auto const whole = jpeg(17, 9, 3);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    auto bad = whole;
    bad[n] = static_cast<char>(bad[n] ^ (1 << (n % 8)));
    try {
      decode(bad);
    } catch (io_error const&) {
    }
  }
  CHECK(refused_when_cut(whole) > 500);  // all headers; a scan without its end decodes as far as it goes
}
TEST_CASE("hostile input 52: a Huffman table of more codes than there are is refused, wherever it stands") {
  auto const whole = jpeg(17, 9, 3);
  std::string const table = "\xff\xc4" + std::string("\x01\x20\x10", 3) + std::string(15, '\x11') + "\x22" + std::string(300, 'a');
  REFUSED("a Huffman table of 289 codes; expected at most 255", whole.substr(0, 2) + table + whole.substr(2));
  REFUSED("a Huffman table of 289 codes", whole.substr(0, whole.size() - 2) + table + whole.substr(whole.size() - 2));
  auto const second = whole.find("\xff\xdb");  // segment, of quantization tables
  REQUIRE(second != std::string::npos);
  REFUSED("a Huffman table of 289 codes", whole.substr(0, second) + "junk\xff\xff" + table + whole.substr(second));
  // What only looks like one: behind the picture, as phones keep a film there, and in a segment of another kind.
  auto const want = decode_image("f.png", *bytes_of(whole));
  for (auto const& right :
       {whole + table + std::string(1000, '\xff') + table,
        whole.substr(0, 2) + "\xff\xe2" + big(static_cast<std::uint32_t>(table.size() + 2)).substr(2) + table + whole.substr(2)})
    CHECK(allclose(decode_image("f.png", *bytes_of(right)), want, 0, 0));
}
TEST_CASE("hostile input 52: JPEGs whose scan names a table there cannot be, lacks its tables, restarts or ends amid pixels") {
  auto const whole = jpeg(17, 9, 3);
  auto const sos = whole.find("\xff\xda"), sof = whole.find("\xff\xc0"), dht = whole.find("\xff\xc4");
  REQUIRE(sos != std::string::npos);
  REQUIRE(sof != std::string::npos);
  auto const with_byte = [&](std::size_t at, char b) {
    auto bad = whole;
    bad[at] = b;
    return bad;
  };
  REFUSED("cannot be decoded (bad DC huff)", with_byte(sos + 6, '\x40'));
  REFUSED("cannot be decoded (bad AC huff)", with_byte(sos + 6, '\x04'));
  REFUSED("cannot be decoded (unknown image type): the file is damaged", with_byte(sof + 11, '\x01'));
  REFUSED("cannot be decoded (unknown image type)", with_byte(sof + 11, '\x15'));
  REFUSED("cannot be decoded (unknown image type)", with_byte(sof + 12, '\x07'));
  REFUSED("f.png: ", whole.substr(0, dht) + whole.substr(sos));  // no tables: all codes are bad
  // Four times as wide as its colours, and each interval's end marked, or every byte: it decodes, or is refused, in words.
  auto const decodes = [&](std::string const& bytes) {
    try {
      decode(bytes);
      return true;
    } catch (io_error const& e) {
      CHECK(contains(e.what(), "f.png: "));
      return false;
    }
  };
  CHECK(decodes(with_byte(sof + 11, '\x41')));  // 4:1:1
  std::string const every_block = "\xff\xdd" + std::string("\0\4\0\1", 4);
  CHECK(decodes(whole));
  decodes(whole.substr(0, sos) + every_block + whole.substr(sos));
  for (std::size_t at = sos + 14; at < whole.size(); ++at)
    for (char marker : {'\xd0', '\xd7', '\xd9', '\xda', '\x01'})
      decodes(whole.substr(0, sos) + every_block + whole.substr(sos, at - sos) + "\xff" + marker + whole.substr(at));
}
TEST_CASE("hostile input 52: an orientation that a JPEG asks for is not applied, as the documentation says") {
  auto const whole = jpeg(21, 13, 3);
  std::string const turned =
      "\xff\xe1" + std::string("\0\x22", 2) + std::string("Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0", 32);
  auto const x = decode_image("f", *bytes_of(whole.substr(0, 2) + turned + whole.substr(2)));
  CHECK(allclose(x, decode_image("f", *bytes_of(whole)), 0, 0));
}
TEST_CASE("hostile input 51: a PNG with a bit flipped anywhere is refused") {
  auto const path = temporary("flip.png");
  write_png(path, to_8bit(uniform<float>({3, 6, 5}, 1)));
  auto const whole = text_of(read_file(path));
  std::filesystem::remove(path);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    auto bad = whole;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    CAPTURE(i);
    CHECK_THROWS_AS(decode(bad), io_error);
  }
  CHECK(refused_when_cut(whole) == static_cast<int>(whole.size()));
}
TEST_CASE("hostile input 51: a colour that a palette lacks is black, not what memory holds") {
  std::string rows(1, '\0');
  for (int i = 0; i < 256; ++i) rows.push_back(static_cast<char>(i));
  std::string const before = "\x89PNG\r\n\x1a\n" + chunk("IHDR", big(256) + big(1) + std::string("\x08\x03\0\0\0", 5)),
                    pixels = deflated(rows);
  auto const x = decode_image("f.png", *bytes_of(before + chunk("PLTE", "abcdef") + chunk("IDAT", pixels) + chunk("IEND", "")));
  REQUIRE(x.shape() == shape<3>{{3, 1, 256}});
  for (index_t i = 0; i < 256; ++i)
    for (index_t c = 0; c < 3; ++c) CHECK(static_cast<int>(x(c, 0, i)) == (i < 2 ? 'a' + 3 * i + c : 0));
  REFUSED("cannot be decoded", before + chunk("IDAT", pixels) + chunk("IEND", ""));
}
