// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "edvr/backend/cpu/executor.hpp"

namespace edvr::inline v1 {

/// What runs here, in one line for reports: version, compiler, kernels in use and those that the processor could run, cores.
inline std::string build_info(cpu_executor const& ex = {}) {
  std::string can;
  for (auto s : instruction_sets)
    if (is_supported(s)) can += (can.empty() ? "" : ", ") + std::string(name(s));
#if defined(__clang__)
  auto const compiler = text("clang ", __clang_major__, '.', __clang_minor__);
#elif defined(__GNUC__)
  auto const compiler = text("g++ ", __GNUC__, '.', __GNUC_MINOR__);
#else
  auto const compiler = std::string("another compiler");
#endif
  return text("edvr ", EDVR_VERSION_MAJOR, '.', EDVR_VERSION_MINOR, '.', EDVR_VERSION_PATCH, ", ", compiler, ", ", name(resolve(ex.isa)),
              " kernels (this processor runs ", can, "), ", ex.workers(), " threads");
}

}  // namespace edvr::v1
