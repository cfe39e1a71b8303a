// SPDX-License-Identifier: Apache-2.0
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
}  // namespace

void fuzz::safetensors(bytes b) {
  answered([&] { read_every(parse_safetensors("f", file_of(b)).tensors); });
}
void fuzz::npy(bytes b) {
  answered([&] { read_every({{"x", parse_npy("f", file_of(b))}}); });
  answered([&] { read_every(parse_npz("f", file_of(b))); });
  answered([&] { read_every(parse_tensors("f", file_of(b))); });
}
