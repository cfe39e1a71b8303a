// SPDX-License-Identifier: Apache-2.0
#include "files.hpp"
#include "support.hpp"
using namespace edvr;
using namespace files;

namespace {
std::string const golden = EDVR_GOLDEN;
void parse(std::string const& bytes) { (void)parse_pth("f.pth", bytes_of(bytes)); }
#define REFUSED(PART, BYTES) CHECK_THROWS_SAYING(io_error, PART, parse(BYTES))
/// Reads the tensor "x" of a file whose dict is { x: body }.
any_tensor read_x(std::string const& body, std::vector<std::pair<std::string, std::string>> const& storages) {
  auto const file = parse_pth("f.pth", bytes_of(pth(dict({{"x", body}}), storages)));
  return file.tensor_of("x", *file.root().find("x"));
}
std::string const four = floats({1, 2, 3, 4});
}  // namespace

TEST_CASE("hostile input 1: empty, one byte, only an end record") {
  REFUSED("f.pth: is empty", "");
  REFUSED("neither a PyTorch file", "x");
  REFUSED("damaged or cut off", "\x80");
  REFUSED("too short for a zip archive",
          "P"
          "K");
  REFUSED("has 4 bytes; too short for a zip archive", "PK\5\6");
  REFUSED("zip archive is empty", zip({}));
}
TEST_CASE("hostile input 2: no end of central directory") {
  auto const whole = pth(dict({}));
  REFUSED("without a whole end record", whole.substr(0, whole.size() - 22));
  REFUSED("without a whole end record", "PK" + std::string(200'000, 'x'));
  for (std::size_t n = 2; n < whole.size(); ++n) CHECK_THROWS_AS(parse(whole.substr(0, n)), io_error);
}
TEST_CASE("hostile input 3: comment length beyond the file; a true comment is read") {
  REFUSED("without a whole end record", zip({{"a/data.pkl", pickle("}")}}, {.comment_length = 10}));
  parse(zip({{"a/data.pkl", pickle("}")}}, {.comment = "hello"}));
}
TEST_CASE("hostile input 4: central directory past the end or over the end record") {
  REFUSED("overlaps the end record", zip({{"a/data.pkl", pickle("}")}}, {.offset_added = 1}));
  REFUSED("overlaps the end record", zip({{"a/data.pkl", pickle("}")}}, {.offset_added = 0x70000000}));
}
TEST_CASE("hostile input 5: the entry count lies") {
  REFUSED("its 0 entries take 0", zip({{"a/data.pkl", pickle("}")}}, {.entries = 0}));
  REFUSED("its 1 entries take", zip({{"a/data.pkl", pickle("}")}, {"a/b", ""}}, {.entries = 1}));
  REFUSED("claims 2 entries; its directory of", zip({{"a/data.pkl", pickle("}")}}, {.entries = 2}));
  REFUSED("claims 65535 entries", zip({{"a/data.pkl", pickle("}")}}, {.entries = 65535}));
}
TEST_CASE("hostile input 6: zip64 fields near 2^64") {
  auto s = text_of(read_file(golden + "/net_a.raw_zip.pth"));
  auto const locator = s.rfind("PK\6\7");
  REQUIRE(locator != std::string::npos);
  auto const record = s.rfind("PK\6\6");
  for (std::size_t field : {32u, 40u, 48u})
    for (std::uint64_t v : {~std::uint64_t{0}, ~std::uint64_t{0} - 21, std::uint64_t{1} << 63, std::uint64_t{1} << 32}) {
      auto bad = s;
      std::memcpy(bad.data() + record + field, &v, 8);
      CHECK_THROWS_AS(parse(bad), io_error);
    }
  auto bad = s;
  std::uint64_t const far = ~std::uint64_t{0} - 3;
  std::memcpy(bad.data() + locator + 8, &far, 8);
  REFUSED("locator points to no zip64 end record", bad);
  // an entry whose sizes are in an extra field, and huge
  std::string const name = "a/data.pkl", body = pickle("}"),
                    extra = le<std::uint16_t>(1) + le<std::uint16_t>(16) + le(~std::uint64_t{0}) + le(~std::uint64_t{0});
  std::string out = "PK\3\4" + std::string(22, '\0') + le<std::uint16_t>(10) + le<std::uint16_t>(0) + name + body;
  auto const at = static_cast<std::uint32_t>(out.size());
  std::string const directory = "PK\1\2" + std::string(16, '\0') + le(0xffffffffu) + le(0xffffffffu) + le<std::uint16_t>(10) +
                                le<std::uint16_t>(20) + std::string(10, '\0') + le<std::uint32_t>(0) + name + extra;
  out += directory + "PK\5\6" + std::string(4, '\0') + le<std::uint16_t>(1) + le<std::uint16_t>(1) +
         le(static_cast<std::uint32_t>(directory.size())) + le(at) + le<std::uint16_t>(0);
  REFUSED("reaches past the data", out);
}
TEST_CASE("hostile input 7: local header with another name") {
  REFUSED("another name in its local header", zip({{"a/data.pkl", pickle("}"), 0, 0, "a/evil.pkl"}}));
}
TEST_CASE("hostile input 8: altered flag bits") {
  REFUSED("is encrypted", zip({{"a/data.pkl", pickle("}"), 0, 1}}));
  auto s = zip({{"a/data.pkl", pickle("}")}});
  s[6] = 1;  // in the local header only
  REFUSED("local and central header disagree", s);
  parse(zip({{"a/data.pkl", pickle("}"), 0, 0x0808}}));  // data descriptor and UTF-8: as PyTorch writes them
}
TEST_CASE("hostile input 9: compressed entries are refused by the method's name") {
  REFUSED("is compressed (deflate)", zip({{"a/data.pkl", "", 8}}));
  REFUSED("is compressed (bzip2)", zip({{"a/data.pkl", "", 12}}));
  REFUSED("is compressed (zstd)", zip({{"a/data.pkl", "", 93}}));
  REFUSED("is compressed (unknown method 77)", zip({{"a/data.pkl", "", 77}}));
}
TEST_CASE("hostile inputs 11 and 14: two entries of one name, two data.pkl, overlapping entries") {
  REFUSED("occurs twice", zip({{"a/data.pkl", pickle("}")}, {"a/data.pkl", pickle("}")}}));
  REFUSED("more than one data.pkl", zip({{"a/data.pkl", pickle("}")}, {"b/data.pkl", pickle("}")}}));
  auto const inner = zip({{"a/data/0", four}}).substr(0, 30 + 8 + four.size());  // local header and data
  auto const outer = pickle("}");
  auto s = zip({{"a/data.pkl", outer + inner}, {"a/data/0", four}});
  auto const at = static_cast<std::uint32_t>(30 + 10 + outer.size());
  std::memcpy(s.data() + s.rfind("PK\1\2") + 42, &at, 4);
  REFUSED("zip entries overlap at byte " + std::to_string(at), s);
}
TEST_CASE("hostile input 13: an entry larger than the file") {
  REFUSED("reaches past the data of the archive", zip({{"a/data.pkl", pickle("}"), 0, 0, "", 0, 100'000}}));
}
TEST_CASE("hostile input 15: a wrong checksum; an absent one passes") {
  REFUSED("has a wrong checksum", zip({{"a/data.pkl", pickle("}"), 0, 0, "", 12345}}));
  auto s = text_of(read_file(golden + "/net_a.raw_zip.pth"));
  s[s.find("/data/0") + 200] ^= 1;
  REFUSED("has a wrong checksum", s);
}
TEST_CASE("hostile input 16: other archives are named") {
  REFUSED("is a 7z archive", "7z\xbc\xaf\x27\x1c....");
  REFUSED("is a gzip archive", "\x1f\x8b....");
  REFUSED("is a tar archive", std::string(257, 'x') + "ustar" + std::string(300, '\0'));
}
TEST_CASE("hostile input 17: big-endian files") {
  REFUSED("byte order is \"big\"; expected little", pth("}", {}, {{"archive/byteorder", "big"}}));
  parse(pth("}", {}, {{"archive/byteorder", "little"}}));
}
TEST_CASE("hostile input 18: a TorchScript archive is told apart") {
  REFUSED("is a TorchScript archive; expected weights", pth("}", {}, {{"archive/constants.pkl", "x"}}));
  REFUSED("is a TorchScript archive", pth("}", {}, {{"archive/code/m.py", "x"}}));
}
TEST_CASE("hostile input 19: unknown globals are named, nothing is called, and only asking for them as tensors is an error") {
  for (auto [module, name] : {std::pair{"os", "system"},
                              {"posix", "system"},
                              {"builtins", "eval"},
                              {"pip", "main"},
                              {"pkgutil", "resolve_name"},
                              {"numpy.core.multiarray", "_reconstruct"}}) {
    auto const file =
        parse_pth("f.pth", bytes_of(pth(dict({{"x", global(module, name) + tuple({str("echo pwned > /tmp/pwned")}) + "R"}}))));
    CHECK(file.opaque_names().count(std::string(module) + "." + name) == 1);
    CHECK_THROWS_SAYING(io_error, std::string("f.pth: x is a ") + module + "." + name + ", not a tensor; this reader executes nothing",
                        file.tensor_of("x", *file.root().find("x")));
  }
  CHECK_FALSE(std::filesystem::exists("/tmp/pwned"));
  REFUSED("names something longer than 1000 bytes", pth("c" + std::string(2000, 'a') + "\nb\n"));
}
TEST_CASE("hostile input 20: known names with wrong arguments") {
  auto const rebuild = global("torch._utils", "_rebuild_tensor_v2");
  CHECK_THROWS_SAYING(io_error, "has wrong arguments", read_x(rebuild + ")R", {}));
  CHECK_THROWS_SAYING(io_error, "has wrong arguments", read_x(rebuild + tuple({num(1), num(2), num(3), num(4)}) + "R", {}));
  CHECK_THROWS_SAYING(io_error, "has wrong arguments",
                      read_x(rebuild + tuple({pickled_storage("0", 4), num(0), num(4), numbers({1})}) + "R", {{"0", four}}));
  CHECK_THROWS_SAYING(io_error, "is not a tensor", read_x(global("torch._utils", "_rebuild_parameter") + tuple({num(1)}) + "R", {}));
  CHECK_THROWS_SAYING(io_error, "not a tensor", read_x(global("torch._utils", "_rebuild_parameter") + ")R", {}));
  CHECK_THROWS_SAYING(io_error, "not a PyTorch storage",
                      read_x(pickled_tensor(str("0") + "\x85"
                                                       "Q",
                                            0, {1}, {1}),
                             {}));
  parse(pth(global("collections", "OrderedDict") + tuple({num(3)}) + "R"));  // ignored contents
}
TEST_CASE("hostile input 21: STACK_GLOBAL takes two literal strings, nothing computed") {
  auto const file = parse_pth("f.pth", bytes_of(pth(dict({{"x", str("os") + str("system") + "\x93" + tuple({}) + "R"}}))));
  CHECK(file.opaque_names().count("os.system") == 1);
  REFUSED("opcode STACK_GLOBAL at byte", pth(num(1) + str("system") + "\x93"));
  REFUSED("takes two literal strings", pth(str("os") + global("a", "b") + "\x93"));
}
TEST_CASE("hostile input 22: INST, OBJ, EXT and PERSID are refused by name") {
  for (auto [code, name] : {std::pair{"(ios\nsystem\n", "INST"},
                            {"(o", "OBJ"},
                            {"\x82\x01", "EXT1"},
                            {"\x83\x01\x01", "EXT2"},
                            {"\x84\x01\x01\x01\x01", "EXT4"},
                            {"P1\n", "PERSID"}})
    REFUSED(std::string("pickle opcode ") + name + " at byte ", pth(code));
  parse(pth(global("a", "b") + ")\x81" + dict({}) + "b"));  // NEWOBJ and BUILD yield inert values
  REFUSED("opcode 0xff at byte 2 is not known", pth("\xff"));
}
TEST_CASE("hostile input 23: memo indices") {
  parse(pth("}r\xff\xff\xff\xff"));  // 2^32 - 1
  REFUSED("asks for memo 5, which was never set", pth("h\x05"));
  REFUSED("asks for memo 4294967295", pth("j\xff\xff\xff\xff"));
  std::string laughs = "]q" + std::string(1, '\0');
  for (char i = 1; i < 60; ++i) laughs += std::string("](h") + static_cast<char>(i - 1) + "h" + static_cast<char>(i - 1) + "eq" + i;
  auto const before = files::requested;
  parse(pth(laughs + "\x86" + std::string(58, '\x86')));  // doubles 60 times by reference: no memory
  CHECK(files::requested - before < 1'000'000);
  std::string many = "](";  // one long list handed to many calls
  for (int i = 0; i < 20'000; ++i) many += num(i) + num(i) + "\x86";
  many += "e\x85q" + std::string(1, '\0') + "0" + global("collections", "OrderedDict") +
          "q\x01"
          "0]";
  for (int i = 0; i < 20'000; ++i) many += std::string("h\x01h") + std::string(1, '\0') + "Ra";
  REFUSED("arguments", pth(many));
}
TEST_CASE("hostile input 24: MARK without end, POP of nothing, missing STOP, bytes after STOP") {
  REFUSED("STOP at byte 3 finds 1 values; expected one", pth("("));
  REFUSED("POP at byte 2 finds an empty stack", pth("0"));
  REFUSED("STOP at byte 4 finds 2 values", pth("}}"));
  REFUSED("TUPLE at byte 3 finds no MARK", pth("}t"));
  REFUSED("APPEND at byte 3 finds too few values", pth("(a"));
  REFUSED("finds a key without a value", pth("}(" + str("k") + "u"));
  REFUSED("has nothing to add to", pth("N" + num(1) + "a"));
  REFUSED("damaged or cut off", zip({{"a/data.pkl", "\x80\x02}"}}));
  REFUSED("data.pkl has 3 bytes after its end", zip({{"a/data.pkl", pickle("}") + "abc"}}));
  REFUSED("names protocol 9", zip({{"a/data.pkl", "\x80\x09}."}}));
}
TEST_CASE("hostile input 25: lengths that lie") {
  REFUSED("LONG4 at byte 2 has the negative length -5", pth("\x8b" + le<std::int32_t>(-5)));
  REFUSED("claims an integer of 2147483647 bytes", pth("\x8b" + le<std::int32_t>(INT32_MAX)));
  REFUSED("BINUNICODE8 at byte 2 claims 9223372036854775808 bytes", pth("\x8d" + le(std::uint64_t{1} << 63)));
  REFUSED("FRAME at byte 2 claims 1000 bytes", pth("\x95" + le<std::uint64_t>(1000) + "}"));
  REFUSED("damaged or cut off", pth("X" + le<std::uint32_t>(10) + "abc").substr(0));
  parse(pth("\x95" + le<std::uint64_t>(2) + "}"));
}
TEST_CASE("hostile input 26: nesting of a million levels needs no stack") {
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += "]";
  for (int i = 0; i < 999'999; ++i) deep += "a";
  parse(pth(deep));
  REFUSED("more than 4000000 values", pth(std::string(5'000'000, ']')));
}
TEST_CASE("hostile input 27: lists and dicts that hold themselves") {
  parse(pth("]q" + std::string(1, '\0') + "h" + std::string(1, '\0') + "a"));
  parse(pth("}q" + std::string(1, '\0') + str("x") + "h" + std::string(1, '\0') + "s"));
  CHECK_THROWS_SAYING(model_error, "not EDVR weights",
                      infer_config(parse_checkpoint(
                          "f.pth", bytes_of(pth("}q" + std::string(1, '\0') + str("params") + "h" + std::string(1, '\0') + "s")))));
}
TEST_CASE("hostile input 28: tensor descriptions that lie; those that are strange but true") {
  std::vector<std::pair<std::string, std::string>> const s{{"0", four}};
  CHECK_THROWS_SAYING(io_error, "negative extent -2", read_x(pickled_tensor(pickled_storage("0", 4), 0, {-2}, {1}), s));
  CHECK_THROWS_SAYING(io_error, "larger than the file",
                      read_x(pickled_tensor(pickled_storage("0", 4), 0, {1LL << 40, 1LL << 40}, {0, 0}), s));
  CHECK_THROWS_SAYING(io_error, "larger than the file", read_x(pickled_tensor(pickled_storage("0", 4), 0, {100'000}, {0}), s));
  CHECK_THROWS_SAYING(io_error, "negative stride -1", read_x(pickled_tensor(pickled_storage("0", 4), 3, {4}, {-1}), s));
  CHECK_THROWS_SAYING(io_error, "reaches past the end of its storage", read_x(pickled_tensor(pickled_storage("0", 4), 1, {4}, {1}), s));
  CHECK_THROWS_SAYING(io_error, "reaches past the end of its storage",
                      read_x(pickled_tensor(pickled_storage("0", 4), 0, {2, 2}, {1LL << 62, 1}), s));
  CHECK_THROWS_SAYING(io_error, "storage offset 4611686018427387904 is out of range",
                      read_x(pickled_tensor(pickled_storage("0", 4), 1LL << 62, {1}, {1}), s));
  CHECK_THROWS_SAYING(io_error, "storage offset -1", read_x(pickled_tensor(pickled_storage("0", 4), -1, {1}, {1}), s));
  CHECK_THROWS_SAYING(io_error, "storage claims 5 elements; the file has 16 bytes",
                      read_x(pickled_tensor(pickled_storage("0", 5), 0, {1}, {1}), s));
  CHECK_THROWS_SAYING(
      io_error, "has 65 axes",
      read_x(pickled_tensor(pickled_storage("0", 4), 0, std::vector<std::int64_t>(65, 1), std::vector<std::int64_t>(65, 1)), s));
  CHECK_THROWS_SAYING(io_error, "1 axes and 2 strides", read_x(pickled_tensor(pickled_storage("0", 4), 0, {1}, {1, 1}), s));
  CHECK_THROWS_SAYING(
      io_error, "is not a plain integer",
      read_x(global("torch._utils", "_rebuild_tensor_v2") + tuple({pickled_storage("0", 4), num(0), tuple({str("a")}), numbers({1})}) + "R",
             s));
  CHECK_THROWS_SAYING(io_error, "storage \"7\" is not in the file", read_x(pickled_tensor(pickled_storage("7", 4), 0, {1}, {1}), s));
  CHECK_THROWS_SAYING(io_error, "elements of torch.ComplexFloatStorage; expected a plain float",
                      read_x(pickled_tensor(pickled_storage("0", 1, "ComplexFloatStorage"), 0, {1}, {1}), s));
  CHECK(read_x(pickled_tensor(pickled_storage("0", 4), 2, {}, {}), s).to<float, 0>().item() == 3);         // rank 0
  CHECK(read_x(pickled_tensor(pickled_storage("0", 4), 1, {2, 3}, {0, 1}), s).to<float, 2>()(1, 2) == 4);  // stride 0
  CHECK(read_x(pickled_tensor(pickled_storage("0", 4), 0, {2, 2}, {1, 2}), s).to<float, 2>()(0, 1) == 3);  // transposed
  CHECK(read_x(pickled_tensor(pickled_storage("0", 4), 0, {0, 5}, {5, 1}), s).size() == 0);
}
TEST_CASE("legacy streams: cut off at every byte, and with lengths that lie") {
  auto const whole = text_of(read_file(golden + "/pth_sampler.legacy.pth"));
  for (std::size_t n = 0; n < whole.size(); ++n) CHECK_THROWS_AS(parse(whole.substr(0, n)), io_error);
  REFUSED("bytes follow the last storage", whole + "x");
  REFUSED("not one that torch.save wrote", pickle("}"));
  auto const begins = pickle("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") + pickle(num(1001));
  auto const of_length = [&](std::int64_t n) {
    return begins + pickle("}") + pickle(dict({{"x", pickled_tensor(pickled_storage("0", 4), 0, {4}, {1})}})) +
           pickle("](" + str("0") + "e") + le(n) + four;
  };
  CHECK(parse_pth("f", bytes_of(of_length(4))).root().find("x"));
  for (std::int64_t n : {std::int64_t{5}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::max()})
    REFUSED("claims " + std::to_string(n) + " elements of 4 bytes; the file has 16", of_length(n));
  REFUSED("byte order is big", begins + pickle(dict({{"little_endian", "\x89"}})) + pickle("}") + pickle("]"));
}
TEST_CASE("views of storages, tensors that name their type, and an OrderedDict made from pairs mean what they mean to torch") {
  auto const view =
      tuple({str("storage"), global("torch", "FloatStorage"), str("0"), str("cpu"), num(4), tuple({str("1"), num(2), num(2)})}) + "Q";
  CHECK(read_x(pickled_tensor(view, 0, {2}, {1}), {{"0", four}}).to<float, 1>()(1) == 4);
  auto const typed =
      global("torch._utils", "_rebuild_tensor_v3") +
      tuple({pickled_storage("0", 4, "UntypedStorage"), num(0), numbers({2}), numbers({1}), "\x89", ")", global("torch", "float16")}) + "R";
  CHECK(read_x(typed, {{"0", le<std::uint16_t>(0x3c00) + le<std::uint16_t>(0x4000)}}).to<float, 1>()(1) == 2);
  auto const pairs =
      parse_pth("f", bytes_of(pth(global("collections", "OrderedDict") + tuple({"](" + tuple({str("x"), num(7)}) + "e"}) + "R")));
  REQUIRE(pairs.root().find("x"));
  CHECK(pairs.root().find("x")->integer == 7);
}
TEST_CASE("a stored entry whose two sizes differ is refused") {
  auto s = pth("}", {{"0", four}});
  std::uint32_t const more = 1000;
  std::memcpy(s.data() + s.find("PK\1\2", s.find("PK\1\2") + 4) + 24, &more, 4);
  REFUSED("differs from its size", s);
}
TEST_CASE("a file with a bit of each byte flipped in turn is read or refused, never worse") {
  for (auto name : {"/pth_sampler.zip.pth", "/pth_sampler.legacy.pth"}) {
    auto const whole = text_of(read_file(golden + name));
    int read = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      auto bad = whole;
      bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
      try {
        auto const file = parse_pth("f.pth", bytes_of(bad));
        if (auto const* t = file.root().find("tensors"))
          for (std::size_t k = 0; k + 1 < t->items.size(); k += 2) try {
              file.tensor_of("t", *t->items[k + 1]).for_each([](auto) {});
            } catch (io_error const&) {
            }
        ++read;
      } catch (io_error const&) {
      }
    }
    CHECK(read > 0);
  }
}
TEST_CASE("long names are refused: a stream could repeat them at little cost") {
  std::string const long_name(2000, 'n'), zero(1, '\0');
  REFUSED("names something longer than 1000 bytes", pth(str(long_name) + str("f") + "\x93"));
  CHECK_THROWS_SAYING(io_error, "storage key has 2000 bytes",
                      read_x(pickled_tensor(pickled_storage(long_name, 1), 0, {1}, {1}), {{"0", four}}));
  CHECK_THROWS_SAYING(model_error, "a key has 2000 bytes", parse_checkpoint("f", bytes_of(pth(dict({{long_name, "N"}})))));
  std::string many = "}(";
  for (int i = 0; i < 5000; ++i) many += str("k" + std::to_string(i)) + "N";
  CHECK(parse_checkpoint("f", bytes_of(pth(many + "u"))).ignored.size() == 100);
  REFUSED("would remember more than 1000000 values", pth("}" + std::string(1'000'001, '\x94')));
}
TEST_CASE("files that cannot be read say why") {
  CHECK_THROWS_SAYING(io_error, "/nowhere/f.pth: no such file", read_pth("/nowhere/f.pth"));
  CHECK_THROWS_SAYING(io_error, "is a folder; expected a file", read_pth(golden));
  CHECK_THROWS_SAYING(io_error, "is a pipe or device", read_pth("/dev/zero"));
}
TEST_CASE("hostile input 12: names of entries that would leave a folder, hold a zero byte or are very long mean nothing here") {
  parse(zip({{"archive/data.pkl", pickle("}")},
             {"../../etc/passwd", "a"},
             {"/absolute", "b"},
             {std::string("n\0l", 3), "c"},
             {std::string(65000, 'n'), "d"}}));
}
TEST_CASE("hostile input 29: storages that are not there, of other numbers; views that share one are read") {
  CHECK_THROWS_SAYING(io_error, "f.pth: x", read_x(pickled_tensor(pickled_storage("7", 4), 0, {4}, {1}), {{"0", four}}));
  for (auto type : {"ComplexFloatStorage", "QUInt8Storage", "NoSuchStorage"})
    CHECK_THROWS_SAYING(io_error, "expected a plain float, integer or bool storage",
                        read_x(pickled_tensor(pickled_storage("0", 2, type), 0, {2}, {1}), {{"0", four}}));
  auto const file = parse_pth("f.pth", bytes_of(pth(dict({{"a", pickled_tensor(pickled_storage("0", 4), 0, {3}, {1})},
                                                          {"b", pickled_tensor(pickled_storage("0", 4), 1, {3}, {1})}}),
                                                    {{"0", four}})));
  CHECK(file.tensor_of("a", *file.root().find("a")).to<float, 1>()(2) == 3);
  CHECK(file.tensor_of("b", *file.root().find("b")).to<float, 1>()(2) == 4);
}
TEST_CASE("hostile input 30: odd fields beside a tensor's numbers are not looked at") {
  auto const whole = pickled_tensor(pickled_storage("0", 4), 0, {4}, {1});
  auto const at = whole.rfind("\x89" + global("collections", "OrderedDict"));
  REQUIRE(at != std::string::npos);
  for (std::string const& odd : {str("yes"), num(7), std::string("N"), std::string("]"), tuple({num(1), str("x")})}) {
    auto x = whole;
    x.replace(at, 1, odd);
    CHECK(read_x(x, {{"0", four}}).to<float, 1>()(3) == 4);
  }
}
TEST_CASE("hostile input 31: dictionaries with other keys than strings, with none, with very many") {
  parse(pth("}(" + num(1) + num(2) + tuple({num(1)}) + num(3) + "u"));
  parse(pth("}"));
  auto const of_keys = [](int n) {
    std::string many = "}(";
    for (int i = 0; i < n; ++i) many += str(std::to_string(i)) + num(i);
    return pth(many + "u");
  };
  CHECK(parse_pth("f.pth", bytes_of(of_keys(200'000))).root().find("199999"));
  parse(of_keys(1'000'000));
}
TEST_CASE("names that a stream repeats are paid for: some bytes each time do not grow to a thousand") {
  std::string const half(499, 'n'), memoized = "X" + le<std::uint32_t>(499) + half + "q" + std::string(1, '\0') + "0";
  std::string many = memoized;
  for (int i = 0; i < 300'000; ++i)
    many += std::string(
        "h\0h\0\x93"
        "0",
        6);
  REFUSED("bytes of names of globals", pth(many + "}"));
}
TEST_CASE("a zip archive whose entries lie in no folder is read") {
  auto const bytes =
      bytes_of(zip({{"data.pkl", pickle(dict({{"x", pickled_tensor(pickled_storage("0", 4), 0, {4}, {1})}}))}, {"data/0", four}}));
  auto const file = parse_pth("f.pth", bytes);
  CHECK(file.tensor_of("x", *file.root().find("x")).to<float, 1>()(3) == 4);
  CHECK_THROWS_SAYING(io_error, "more than one data.pkl",
                      parse_pth("f.pth", bytes_of(zip({{"data.pkl", pickle("}")}, {"b/data.pkl", pickle("}")}}))));
}
TEST_CASE("hostile input 32: a transposed tensor is read as what it is") {
  auto const x = read_x(pickled_tensor(pickled_storage("0", 4), 0, {2, 2}, {1, 2}), {{"0", four}}).to<float, 2>();
  CHECK(x(0, 1) == 3);
  CHECK(x(1, 0) == 2);
}
