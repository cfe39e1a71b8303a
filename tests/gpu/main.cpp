// SPDX-License-Identifier: Apache-2.0
// Runs the tests, or says why not and exits with 77, which ctest shows as skipped.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "edvr/backend/gpu/runtime.hpp"
#include "proves.hpp"

REGISTER_LISTENER("proofs", 1, proofs::listener);

int main(int argc, char** argv) {
  if (edvr::device_count() == 0) {
    std::puts("skipped: no CUDA device here");
    return 77;
  }
  std::printf("device: %s\n", edvr::device_name().c_str());
  return doctest::Context(argc, argv).run();
}
