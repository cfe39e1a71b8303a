// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry to the target that EDVR_FUZZ_TARGET names.
#include "targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::EDVR_FUZZ_TARGET(std::as_bytes(std::span(data, size)));
  return 0;
}
