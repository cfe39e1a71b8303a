// SPDX-License-Identifier: Apache-2.0
// .npy and .npz. Files that NumPy wrote: tests/golden/numpy.
#include <filesystem>

#include "files.hpp"
#include "support.hpp"
using namespace edvr;
using namespace files;

namespace {
std::string const folder = EDVR_GOLDEN "/numpy/";
/// An .npy file with this header and data; length: what it says of its header, -1: the truth.
std::string npy(std::string const& header, std::string const& data = "", int version = 1, std::int64_t length = -1) {
  auto const n = length < 0 ? static_cast<std::int64_t>(header.size()) : length;
  return "\x93NUMPY" + std::string(1, static_cast<char>(version)) + '\0' +
         (version == 1 ? le(static_cast<std::uint16_t>(n)) : le(static_cast<std::uint32_t>(n))) + header + data;
}
std::string describe(std::string const& descr, std::string const& shape, std::string const& order = "False") {
  return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}
any_tensor parse(std::string const& bytes) { return parse_npy("f.npy", bytes_of(bytes)); }
#define REFUSED(PART, BYTES) CHECK_THROWS_SAYING(io_error, PART, parse(BYTES))
#define NPZ_REFUSED(PART, BYTES) CHECK_THROWS_SAYING(io_error, PART, parse_npz("f.npz", bytes_of(BYTES)))
std::string const four = floats({1, 2, 3, 4});
std::string const good = npy(describe("'<f4'", "(2, 2)"), four);
template <int R>
bool counts(any_tensor const& t, coord<R> const& shape) {  // element i is i - 2, as an 8-bit number where that is its type
  auto const x = t.to<double, R>();
  bool same = x.shape() == shape;
  for (index_t i = 0; i < x.size(); ++i) {
    double const v = t.type() == dtype::boolean          ? (i == 2 ? 0 : 1)
                     : t.type() == dtype::uint8 && i < 2 ? 254. + static_cast<double>(i)
                                                         : static_cast<double>(i - 2);
    same = same && x.data()[i] == v;
  }
  return same;
}
}  // namespace

TEST_CASE("npy: what NumPy wrote is read, versions 1 to 3, both orders, scalars and no elements") {
  for (auto name : {"version1.npy", "version2.npy", "version3.npy"}) CHECK_MESSAGE(counts(read_npy(folder + name), coord<2>{{2, 3}}), name);
  CHECK(counts(read_npy(folder + "fortran.npy"), coord<3>{{2, 3, 4}}));
  CHECK(read_npy(folder + "scalar.npy").to<double, 0>().item() == 7.5);
  CHECK(read_npy(folder + "empty.npy").shape() == std::vector<index_t>{0, 3});
  CHECK(counts(read_npy(folder + "vector.npy"), coord<1>{{5}}));
  for (auto name : {"stored.npz", "deflated.npz"}) {
    auto const all = read_npz(folder + name);
    for (auto [key, type] : std::map<std::string, dtype>{{"f2", dtype::float16},
                                                         {"f4", dtype::float32},
                                                         {"f8", dtype::float64},
                                                         {"i1", dtype::int8},
                                                         {"i2", dtype::int16},
                                                         {"i4", dtype::int32},
                                                         {"i8", dtype::int64},
                                                         {"u1", dtype::uint8},
                                                         {"b1", dtype::boolean}}) {
      CAPTURE(key);
      CHECK(all.at(key).type() == type);
      CHECK(counts(all.at(key), coord<2>{{2, 3}}));
    }
    CHECK(all.size() == (std::string(name) == "stored.npz" ? 9 : 10));
  }
}
TEST_CASE("npy: what lies in Fortran's order is written in C's") {
  auto const path = temporary("reordered.npy");
  write_npy(path, read_npy(folder + "fortran.npy"));
  CHECK(counts(read_npy(path), coord<3>{{2, 3, 4}}));
  std::filesystem::remove(path);
}
TEST_CASE("npy, npz: what is written is read back, and beside it is what NumPy writes, byte for byte") {
  auto const path = temporary("round_trip.npz");
  tensor_map m;
  m.emplace("a/b", any_tensor(normal<float>({2, 3}, 1)));
  m.emplace("c", any_tensor(permute(normal<double>({4, 2}, 2), {1, 0})));
  m.emplace("d", any_tensor(full<bool>(coord<0>{}, true)));
  m.emplace("e", any_tensor(zeros<std::int64_t>({0, 7})));
  m.emplace("f", any_tensor(to<float16>(normal<float>({1000}, 3))));
  m.emplace("g", any_tensor(to<bfloat16>(normal<float>({5}, 4))));
  m.emplace("h", any_tensor(full<std::int16_t>(coord<1>{{3}}, -300)));
  m.emplace("i", any_tensor(full<std::int8_t>(coord<1>{{3}}, -3)));
  for (bool compress : {false, true}) {
    write_npz(path, m, compress);
    auto const r = read_npz(path);
    REQUIRE(r.size() == m.size());
    for (auto const& [name, t] : m) {
      CAPTURE(name);
      CHECK(r.at(name).type() == (t.type() == dtype::bfloat16 ? dtype::float32 : t.type()));
      REQUIRE(r.at(name).shape() == t.shape());
      CHECK(testing::compare(r.at(name), t).max_abs == 0);
    }
  }
  auto const x = eval(reshape(arange<float>(6), {2, 3}) - 2.f);
  auto const single = temporary("round_trip.npy");
  write_npy(single, any_tensor(x));
  CHECK(text_of(read_file(single)) == text_of(read_file(folder + "version1.npy")));
  for (auto const& p : {path, single, temporary("round_trip.safetensors")}) {  // by name and by content
    tensor_map one{{"array", any_tensor(x)}};
    write_tensors(p, one);
    CHECK(counts(read_tensors(p).at("array"), coord<2>{{2, 3}}));
  }
  CHECK_THROWS_SAYING(io_error, "holds one array, and there are 8", write_tensors(single, m));
  std::filesystem::remove(path), std::filesystem::remove(single), std::filesystem::remove(temporary("round_trip.safetensors"));
  CHECK_THROWS_SAYING(io_error, "cannot be written", write_npz("/nowhere/x.npz", m));
}
TEST_CASE("hostile input 42: npy headers that lie") {
  CHECK(parse(good).to<float, 2>()(1, 0) == 3);
  REFUSED("does not begin as an .npy file", "");
  REFUSED("does not begin as an .npy file", std::string(64, '\0'));
  REFUSED("header length 4294967295; expected at most 0", npy("", "", 2, 0xffffffff));
  REFUSED("header length 65535; expected at most", npy(describe("'<f4'", "(2, 2)"), four, 1, 65535));
  REFUSED("npy version 4.0", npy(describe("'<f4'", "(2, 2)"), four, 4));
  REFUSED("npy version 0.0", npy(describe("'<f4'", "(2, 2)"), four, 0));
  REFUSED("elements are \"<ixy\"", npy(describe("'<ixy'", "(2, 2)"), four));
  REFUSED("elements are \"<c8\"", text_of(read_file(folder + "complex.npy")));
  REFUSED("big-endian numbers; save it with array.astype('<f4')", text_of(read_file(folder + "big_endian.npy")));
  REFUSED("Python objects, which are pickled code", text_of(read_file(folder + "object.npy")));
  REFUSED("structured array", text_of(read_file(folder + "structured.npy")));
  REFUSED("a string with an escape", npy(describe("'<f4\\'", "(2, 2)"), four));
  REFUSED("string without end", npy("{'descr: ", four));
  REFUSED("npy data have 16 bytes; the shape needs 4", npy(describe("'<f4'", "(1,)"), four));
  REFUSED("shape needs more than the 16 bytes", npy(describe("'<f4'", "(5,)"), four));
  REFUSED("shape needs more than", npy(describe("'<f4'", "(4611686018427387904, 4)"), four));
  REFUSED("shape needs more than", npy(describe("'|u1'", "(9223372036854775807, 3)"), four));
  REFUSED("npy data have 16 bytes; the shape needs 0", npy(describe("'<f4'", "(9223372036854775807, 0)"), four));
  CHECK(parse(npy(describe("'<f4'", "(0, 9223372036854775807)"))).size() == 0);
  REFUSED("not whole numbers", npy(describe("'<f4'", "(-1,)"), four));
  REFUSED("not whole numbers", npy(describe("'<f4'", "(18446744073709551616,)"), four));
  REFUSED("a comma or ) is missing in its shape", npy(describe("'<f4'", "(2.0, 2)"), four));
  REFUSED("a comma or ) is missing", npy(describe("'<f4'", "(2 2)"), four));
  REFUSED("( expected", npy(describe("'<f4'", "[2, 2]"), four));
  REFUSED("more than 64 axes", npy(describe("'<f4'", "(" +
                                                         std::string(130, '1').replace(1, 128,
                                                                                       [] {
                                                                                         std::string s;
                                                                                         for (int i = 0; i < 64; ++i) s += ",1";
                                                                                         return s;
                                                                                       }()) +
                                                         ")"),
                                   four));
  REFUSED("True or False expected", npy(describe("'<f4'", "(2, 2)", "0"), four));
  REFUSED("has shape twice", npy("{'descr': '<f4', 'shape': (2, 2), 'shape': (4,), 'fortran_order': False}", four));
  REFUSED("an entry \"evil\"", npy("{'evil': __import__('os')}", four));
  REFUSED("lacks descr", npy("{}", four));
  REFUSED("something after its }", npy("{'descr': '<f4', 'shape': (2, 2), 'fortran_order': False} x", four));
  CHECK(parse(npy("{\"descr\": \"<f4\", 'shape': (2L, 2L), 'fortran_order': False}", four)).size() == 4);
  for (std::size_t n = 0; n < good.size(); ++n) CHECK_THROWS_AS(parse(good.substr(0, n)), io_error);
  CHECK_THROWS_AS(parse(good + "x"), io_error);
}
TEST_CASE("hostile input 10: npz files that unpack to too much, damaged ones, others") {
  auto const whole = text_of(read_file(folder + "deflated.npz"));
  for (std::size_t n = 0; n < whole.size(); ++n) CHECK_THROWS_AS(parse_npz("f", bytes_of(whole.substr(0, n))), io_error);
  CHECK_THROWS_SAYING(io_error, "begins as a safetensors file does, and is no .npz file", read_npz(EDVR_GOLDEN "/net_a.io.safetensors"));
  auto const path = temporary("bomb.npz");
  write_npz(path, {{"zeros", any_tensor(zeros<float>({1 << 23}))}}, true);  // 32 MiB in 33 kB
  auto const bomb = text_of(read_file(path));
  CHECK(bomb.size() < 50'000);
  NPZ_REFUSED("unpacks to more than", bomb);
  CHECK(parse_npz("f", bytes_of(bomb), 1000).at("zeros").size() == 1 << 23);
  std::filesystem::remove(path);
  auto const set = [&](std::string s, std::string const& mark, std::size_t field, auto v) {  // a field of the first header of this kind
    std::memcpy(s.data() + s.find(mark) + field, &v, sizeof v);
    return s;
  };
  NPZ_REFUSED("no compression is that good",
              set(set(whole, "PK\1\2", 24, std::uint32_t{1'200'000}), "PK\3\4", 22, std::uint32_t{1'200'000}));
  auto const one = [&] {
    auto const p = temporary("one.npz");
    write_npz(p, {{"x", any_tensor(normal<float>({100}, 1))}}, true);
    auto const s = text_of(read_file(p));
    std::filesystem::remove(p);
    return s;
  }();
  for (std::uint32_t size : {1u, 527u, 529u, 60000u}) NPZ_REFUSED("do not unpack to the", set(one, "PK\1\2", 24, size));
  for (std::size_t at = one.find(".npy") + 4; at + 1 < one.find("PK\1\2"); at += 37) {  // damaged compressed data
    auto bad = one;
    bad[at] = static_cast<char>(bad[at] ^ 0x5a);
    CHECK_THROWS_AS(parse_npz("f", bytes_of(bad)), io_error);
  }
  NPZ_REFUSED("wrong checksum", set(one, "PK\1\2", 16, std::uint32_t{1}));
  NPZ_REFUSED("x.npy is compressed by method 12", zip({{"x.npy", good, 12}}));
  NPZ_REFUSED("a.txt is no .npy file", zip({{"a.txt", good, 0, 0, "", 0xffffffff}}));
  NPZ_REFUSED("occurs twice", zip({{"x.npy", good}, {"x.npy", good}}));
  NPZ_REFUSED("is encrypted", zip({{"x.npy", good, 0, 1}}));
  CHECK_THROWS_SAYING(io_error, "is compressed (deflate)",
                      parse_pth("f.pth", bytes_of(zip({{"a/data.pkl", "x", 8}}))));  // still refused there
}
TEST_CASE("testing::compare tells integers apart that one double stands for") {
  auto const a = from({(std::int64_t{1} << 62) + 1, std::int64_t{5}}, {2}), b = from({(std::int64_t{1} << 62) + 3, std::int64_t{5}}, {2});
  auto const c = testing::compare(a, b);
  CHECK_FALSE(c.within);
  CHECK(c.max_abs == 2);
  CHECK(testing::compare(a, b, 0, 2).within);
  CHECK(testing::compare(a, a).within);
}
