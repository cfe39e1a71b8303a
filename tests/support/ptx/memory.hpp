// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

namespace ptx {
/// Where the runtime itself finds n bytes of device memory; null if p is not
/// an address of the device, or the bytes are not all in one live allocation.
void* device_bytes(void const* p, std::size_t n);
}  // namespace ptx
