// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "files.hpp"
#include "support.hpp"
using namespace edvr;
using namespace files;

namespace {
tensor_file parse(std::string const& bytes) { return parse_safetensors("f", bytes_of(bytes)); }
#define REFUSED(PART, BYTES) CHECK_THROWS_SAYING(io_error, PART, parse(BYTES))
std::string entry_of(std::string const& dtype, std::string const& shape, std::string const& offsets) {
  return "{\"dtype\":" + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}
std::string const data = std::string(16, '\1');
}  // namespace

TEST_CASE("safetensors: what is written is read back, of every element type") {
  auto const path = temporary("round_trip.safetensors");
  tensor_map m;
  m.emplace("a", any_tensor(normal<float>({2, 3}, 1)));
  m.emplace("b", any_tensor(permute(normal<double>({4, 2}, 2), {1, 0})));
  m.emplace("c", any_tensor(full<bool>(coord<0>{}, true)));
  m.emplace("d", any_tensor(zeros<std::int64_t>({0, 7})));
  m.emplace("e", any_tensor(from({1, -2, 3}, {3})));
  m.emplace("f", any_tensor(from({std::uint8_t(200)}, {1, 1})));
  write_safetensors(path, m, {{"note", "\"quoted\" \xc3\xa9"}});
  auto const r = read_safetensors(path);
  CHECK(r.metadata.at("note") == "\"quoted\" \xc3\xa9");
  REQUIRE(r.tensors.size() == 6);
  for (auto const& [name, t] : m) {
    CHECK(r.tensors.at(name).type() == t.type());
    CHECK(r.tensors.at(name).shape() == t.shape());
    if (t.shape() == r.tensors.at(name).shape()) CHECK(testing::compare(r.tensors.at(name), t).max_abs == 0);
  }
  CHECK(r.tensors.at("b").to<float, 2>()(1, 3) == static_cast<float>(normal<double>({4, 2}, 2)(3, 1)));
  CHECK_THROWS_SAYING(type_error, "tensor is float32 (2, 3); expected rank 3", (r.tensors.at("a").to<float, 3>()));
  auto const as = [](double v, auto to) { return any_tensor(from({v}, {1})).to<decltype(to), 1>()(0); };
  CHECK(as(255.9, std::uint8_t{}) == 255);
  CHECK(as(-0.9, std::uint8_t{}) == 0);
  CHECK(as(-9223372036854775808.0, std::int64_t{}) == std::numeric_limits<std::int64_t>::min());
  CHECK(as(HUGE_VAL, bool{}));
  CHECK_THROWS_SAYING(type_error, "tensor is float64 (1) and holds 256; expected numbers that unsigned integers of 8 bits hold",
                      as(256, std::uint8_t{}));
  for (double v : {-1.0, std::nan("")}) CHECK_THROWS_AS(as(v, std::uint8_t{}), type_error);
  for (double v : {9223372036854775808.0, -9223372036854777856.0, HUGE_VAL}) CHECK_THROWS_AS(as(v, std::int64_t{}), type_error);
  CHECK_THROWS_AS((any_tensor(from({float16(300.f)}, {1})).to<std::int8_t, 1>()), type_error);
  CHECK_THROWS_SAYING(io_error, "begins as .npz and PyTorch's zip files do, and is no safetensors file",
                      read_safetensors(EDVR_GOLDEN "/numpy/stored.npz"));
  std::filesystem::remove(path);
  CHECK_THROWS_SAYING(io_error, "cannot be written", write_safetensors("/nowhere/x.safetensors", m));
  CHECK_THROWS_SAYING(io_error, "a tensor is called __metadata__, which safetensors keeps for itself",
                      write_safetensors("x.safetensors", {{"__metadata__", any_tensor(full<float>({1}, 7))}}));
}
TEST_CASE("float16 and bfloat16 are exact, subnormals and specials included") {
  CHECK(from_float16(0x3c00) == 1);
  CHECK(from_float16(0xc000) == -2);
  CHECK(from_float16(0x0001) == std::ldexp(1.f, -24));
  CHECK(from_float16(0x83ff) == -std::ldexp(1023.f, -24));
  CHECK(from_float16(0x7bff) == 65504);
  CHECK(std::isinf(from_float16(0xfc00)));
  CHECK(std::isnan(from_float16(0x7e00)));
  CHECK(from_bfloat16(0x3fc0) == 1.5f);
  CHECK(std::isnan(from_bfloat16(0x7fc0)));
}
TEST_CASE("hostile input 33: header lengths of 0, 1, 2^64 - 1, beyond the file, beyond the limit") {
  REFUSED("has 7 bytes; a safetensors file begins with 8", "1234567");
  REFUSED("header does not begin with {", safetensors(""));
  REFUSED("header does not begin with {", safetensors("{"));
  REFUSED("header length 18446744073709551615; expected at most 2", le(~std::uint64_t{0}) + "{}");
  REFUSED("header length 3; expected at most 2", le(std::uint64_t{3}) + "{}");
  REFUSED("header length 100000001", le(std::uint64_t{100'000'001}) + std::string(64, ' '));
  CHECK(parse(safetensors("{}")).tensors.empty());
}
TEST_CASE("hostile input 34: shape and extent disagree, both ways") {
  REFUSED("shape and dtype need 1024 bytes, data_offsets give 16",
          safetensors("{\"x\":" + entry_of("\"F32\"", "[32,8]", "[0,16]") + "}", data));
  REFUSED("shape is not a list", safetensors("{\"x\":" + entry_of("\"F32\"", "4", "[0,16]") + "}", data));
  REFUSED("shape and dtype need 8 bytes, data_offsets give 16", safetensors("{\"x\":" + entry_of("\"F32\"", "[2]", "[0,16]") + "}", data));
}
TEST_CASE("hostile input 35: offsets that are no pair of numbers in order") {
  for (auto offsets : {"[8,0]", "[-8,8]", "[0.0,16]", "[\"0\",\"16\"]", "[0]", "[0,8,16]", "{}", "null", "[true,16]", "[1e1,16]"}) {
    CAPTURE(offsets);
    CHECK_THROWS_SAYING(io_error, "f: x: ", parse(safetensors("{\"x\":" + entry_of("\"F32\"", "[4]", offsets) + "}", data)));
  }
  REFUSED("data_offsets 8 to 0; expected begin <= end", safetensors("{\"x\":" + entry_of("\"F32\"", "[4]", "[8,0]") + "}", data));
  REFUSED("stands where a whole number", safetensors("{\"x\":" + entry_of("\"F32\"", "[-4]", "[0,16]") + "}", data));
}
TEST_CASE("hostile input 36: an extent past the end of the file") {
  REFUSED("data_offsets 0 to 20; expected begin <= end <= 16", safetensors("{\"x\":" + entry_of("\"F32\"", "[5]", "[0,20]") + "}", data));
}
TEST_CASE("hostile input 37: overlaps, holes, trailing bytes") {
  REFUSED("overlap at byte 4",
          safetensors("{\"x\":" + entry_of("\"F32\"", "[2]", "[0,8]") + ",\"y\":" + entry_of("\"F32\"", "[3]", "[4,16]") + "}", data));
  REFUSED("have a gap at byte 4",
          safetensors("{\"x\":" + entry_of("\"F32\"", "[1]", "[0,4]") + ",\"y\":" + entry_of("\"F32\"", "[2]", "[8,16]") + "}", data));
  REFUSED("4 bytes follow the last tensor", safetensors("{\"x\":" + entry_of("\"F32\"", "[3]", "[0,12]") + "}", data));
  REFUSED("16 bytes follow the last tensor", safetensors("{}", data));
}
TEST_CASE("hostile input 38: an unknown dtype is refused") {
  REFUSED("unknown dtype \"F8_E4M3\"; expected F64", safetensors("{\"x\":" + entry_of("\"F8_E4M3\"", "[16]", "[0,16]") + "}", data));
  REFUSED("unknown dtype 7", safetensors("{\"x\":" + entry_of("7", "[16]", "[0,16]") + "}", data));
}
TEST_CASE("hostile input 39: keys given twice") {
  auto const e = entry_of("\"F32\"", "[4]", "[0,16]");
  REFUSED("has the key \"x\" twice", safetensors("{\"x\":" + e + ",\"x\":" + e + "}", data));
  REFUSED("has the key \"dtype\" twice",
          safetensors("{\"x\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", data));
  REFUSED("and nothing else", safetensors("{\"x\":{\"dtype\":\"F32\",\"more\":1,\"shape\":[4],\"data_offsets\":[0,16]}}", data));
  REFUSED("expected an object with dtype", safetensors("{\"x\":{\"shape\":[4],\"data_offsets\":[0,16]}}", data));
}
TEST_CASE("hostile input 40: products that wrap, no elements, rank 0") {
  REFUSED("more than 2^62 bytes", safetensors("{\"x\":" + entry_of("\"F32\"", "[4294967296,4294967296]", "[0,16]") + "}", data));
  REFUSED("more than 2^62 bytes", safetensors("{\"x\":" + entry_of("\"F32\"", "[4611686018427387904,4]", "[0,16]") + "}", data));
  REFUSED("extent 18446744073709551615 is out of range",
          safetensors("{\"x\":" + entry_of("\"F32\"", "[18446744073709551615]", "[0,16]") + "}", data));
  auto const f = parse(safetensors(
      "{\"n\":" + entry_of("\"F32\"", "[4294967296,0,4294967296]", "[0,0]") + ",\"s\":" + entry_of("\"F64\"", "[]", "[0,8]") + "}",
      data.substr(0, 8)));
  CHECK(f.tensors.at("n").size() == 0);
  CHECK(parse(safetensors("{\"n\":" + entry_of("\"F32\"", "[0,9223372036854775807]", "[0,0]") + "}")).tensors.at("n").size() == 0);
  REFUSED("extent 9223372036854775808 is out of range",
          safetensors("{\"n\":" + entry_of("\"F32\"", "[0,9223372036854775808]", "[0,0]") + "}"));
  CHECK(f.tensors.at("s").to<double, 0>().size() == 1);
}
TEST_CASE("hostile input 41: JSON that is no header") {
  REFUSED("nested more than 16 levels deep", safetensors("{\"x\":" + std::string(100'000, '[')));
  REFUSED("JSON is malformed", safetensors("{\"x\xff\":1}"));
  REFUSED("JSON is malformed at byte 2 (a byte 0)", safetensors(std::string("{}\0 {\"x\"", 8)));
  REFUSED("JSON is malformed", safetensors("{\"\\ud800\":1}"));
  REFUSED("JSON is malformed", safetensors("{\"x\":" + entry_of("\"F32\"", "[1e999]", "[0,16]") + "}", data));
  REFUSED("JSON is malformed", safetensors("{\"x\":" + entry_of("\"F32\"", "[NaN]", "[0,16]") + "}", data));
  REFUSED("header does not begin with {", safetensors("  {}"));
  REFUSED("another value stands where a whole number of at least 0",
          safetensors("{\"x\":" + entry_of("\"F32\"", "[-4]", "[0,16]") + "}", data));
  REFUSED("\"4\" stands where", safetensors("{\"x\":" + entry_of("\"F32\"", "[\"4\"]", "[0,16]") + "}", data));
  REFUSED("[...] stands where", safetensors("{\"x\":" + entry_of("\"F32\"", "[[4]]", "[0,16]") + "}", data));
  std::string zeros = "0";
  for (int i = 0; i < 1'000'000; ++i) zeros += ",0";
  REFUSED("JSON holds more than 1000000 values", safetensors("{\"x\":" + entry_of("\"F32\"", "[" + zeros + "]", "[0,16]") + "}", data));
  REFUSED("JSON is malformed", safetensors("{}x"));
  REFUSED("note is not a string", safetensors("{\"__metadata__\":{\"note\":1}}"));
  REFUSED("is not an object of strings", safetensors("{\"__metadata__\":[]}"));
  CHECK(parse(safetensors("{}     ")).tensors.empty());
}
TEST_CASE("names and metadata of any UTF-8 come back as they were written") {
  std::map<std::string, std::string> const metadata{{"k\"\\", "a\nb\t\x01 \u00e9"}, {"", ""}};
  tensor_map const m{{"\"quoted\", {braces}: [1]", any_tensor(ones<float>({2}))}, {"\u4e2d", any_tensor(ones<float>(coord<0>{}))}};
  auto const bytes = std::make_shared<std::vector<std::byte> const>(detail::make_safetensors("f", m, metadata));
  auto const f = parse_safetensors("f", bytes);
  CHECK(f.metadata == metadata);
  CHECK(f.tensors.size() == 2);
  for (auto const& [name, t] : m) CHECK(f.tensors.at(name).shape() == t.shape());
}
TEST_CASE("names that would be one when they are written are refused before anything is") {
  tensor_map const m{{"\xfe", any_tensor(ones<float>({1}))}, {"\xff", any_tensor(ones<float>({1}))}};
  auto const path = temporary("one_name.safetensors");
  CHECK_THROWS_SAYING(io_error, "two tensors would have the name", write_safetensors(path, m));
  CHECK_FALSE(std::filesystem::exists(path));
}
TEST_CASE("a header of very many keys is read in little more than linear time") {
  std::string header = "{";
  for (int i = 0; i < 200'000; ++i) header += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":0";
  REFUSED("expected an object with dtype", safetensors(header + "}"));
}
TEST_CASE("a safetensors file cut off at every byte is refused") {
  auto const whole = text_of(read_file(std::string(EDVR_GOLDEN) + "/pth_sampler.expect.safetensors"));
  for (std::size_t n = 0; n < whole.size(); ++n) CHECK_THROWS_AS(parse(whole.substr(0, n)), io_error);
}
