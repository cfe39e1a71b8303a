// SPDX-License-Identifier: Apache-2.0
#include "edvr/io/json.hpp"
#include "edvr/io/tensor_files.hpp"
#include "targets.hpp"

using namespace edvr;

namespace {
void read_every(tensor_map const& all) {
  for (auto const& [name, t] : all) {
    index_t n = 0;
    t.for_each([&](auto) { ++n; });
    if (n != t.size() || static_cast<index_t>(t.packed_bytes().size()) != n * size_of(t.type())) __builtin_trap();
  }
}
/// What is written is read back, unless it is bfloat16 from a format that lacks it.
void same(tensor_map const& a, tensor_map const& b) {
  if (a.size() != b.size()) __builtin_trap();
  for (auto const& [name, t] : a) {
    auto const found = b.find(name);
    if (found == b.end() || found->second.shape() != t.shape()) __builtin_trap();
    if (t.type() == found->second.type() ? found->second.packed_bytes() != t.packed_bytes() : t.type() != dtype::bfloat16) __builtin_trap();
  }
}
/// Names that are not UTF-8 are written with what stands for them: nothing to compare then.
bool printable_ascii(tensor_map const& all) {
  for (auto const& [name, t] : all)
    for (char c : name)
      if (c < ' ') return false;
  return true;
}
/// A file that may be refused when it is made must be readable once it is there.
template <class Make, class Parse>
void round_trip(tensor_map const& all, Make const& make, Parse const& parse) {
  file_bytes written;
  fuzz::answered([&] { written = fuzz::file_of(make()); });
  if (!written) return;
  try {
    same(all, parse(written));
  } catch (edvr::error const&) {
    __builtin_trap();
  }
}
void written_and_read(tensor_map const& all) {
  read_every(all);
  if (all.size() > 8 || !printable_ascii(all)) return;
  round_trip(
      all, [&] { return edvr::detail::make_safetensors("g", all); }, [](file_bytes const& f) { return parse_safetensors("g", f).tensors; });
  for (bool compress : {false, true})
    round_trip(all, [&] { return edvr::detail::make_npz("g", all, compress); }, [](file_bytes const& f) { return parse_npz("g", f); });
}
}  // namespace

void fuzz::safetensors(bytes b) {
  answered([&] {
    auto const f = parse_safetensors("f", file_of(b));
    written_and_read(f.tensors);
    auto const again = parse_safetensors("g", file_of(edvr::detail::make_safetensors("g", {}, f.metadata)));
    if (again.metadata != f.metadata) __builtin_trap();
  });
  auto const* const text = reinterpret_cast<char const*>(b.data());  // what golden files hold, where their header is
  if (b.size() > 8) answered([&] { (void)parse_json("f", text + 8, text + b.size()); });
}
void fuzz::npy(bytes b) {
  answered([&] { read_every({{"x", parse_npy("f", file_of(b))}}); });
  answered([&] { read_every(parse_npz("f", file_of(b))); });
  answered([&] { written_and_read(parse_tensors("f", file_of(b))); });
}
