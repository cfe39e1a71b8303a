// SPDX-License-Identifier: Apache-2.0
// One function for each thing that strangers bring. Each takes any bytes and either does its
// work or throws edvr::error; anything else (another exception, a crash, a hang, much memory)
// is a finding. fuzzer.cpp gives one of them to libFuzzer, replay.cpp runs files through them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "edvr/io/file.hpp"

namespace fuzz {

using bytes = std::span<std::byte const>;

void checkpoint(bytes b);   // a weight file of any container, to a configuration and every weight
void pickle(bytes b);       // a pickle stream alone
void zip(bytes b);          // a zip directory, as PyTorch's files and as NumPy's
void safetensors(bytes b);  // a tensor file, and every tensor in it
void npy(bytes b);          // an array, or an archive of them
void image(bytes b);        // a picture in 8 and in 16 bits
void y4m(bytes b);          // a stream, and its frames as RGB and back
void shapes(bytes b);       // shapes, ranges and windows that a caller computes
void patterns(bytes b);     // an argument that names frames
void arguments(bytes b);    // the command line of restore, an argument a line

inline edvr::file_bytes file_of(bytes b) { return std::make_shared<std::vector<std::byte> const>(b.begin(), b.end()); }
/// Runs f; an edvr::error is an answer.
template <class F>
void answered(F const& f) {
  try {
    f();
  } catch (edvr::error const&) {
  }
}

}  // namespace fuzz
