// SPDX-License-Identifier: Apache-2.0
// What the library takes for granted of the machine it is compiled for, in one place; anything else is refused here.
#pragma once
#include <bit>
#include <climits>
#include <cstddef>
#include <limits>

namespace edvr::inline v1 {

static_assert(CHAR_BIT == 8, "edvr: bytes of 8 bits are expected");
static_assert(sizeof(void*) == 8 && sizeof(std::size_t) == 8,
              "edvr: 64-bit addresses are expected; sizes and offsets of tensors and files are 64-bit and are not checked against less");
static_assert(
    std::endian::native == std::endian::little,
    "edvr: a little-endian machine is expected; files are read as little-endian memory (a big-endian one needs byte swaps in io/)");
static_assert(std::numeric_limits<float>::is_iec559 && sizeof(float) == 4 && std::numeric_limits<double>::is_iec559 && sizeof(double) == 8,
              "edvr: IEEE 754 float and double are expected; tests and files rely on their bits");
static_assert(sizeof(int) == 4 && sizeof(long long) == 8, "edvr: 32-bit int and 64-bit long long are expected");

}  // namespace edvr::v1
