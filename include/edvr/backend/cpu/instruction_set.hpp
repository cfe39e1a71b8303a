// SPDX-License-Identifier: Apache-2.0
// Which of the compiled copies of the kernels runs. Chosen at run time, so that a program built without any flag has its processor's speed.
#pragma once
#include <cstdlib>
#include <string_view>

#include "edvr/core/error.hpp"

namespace edvr::inline v1 {

/// Copies of the kernels. baseline: what the compiler's flags allow (SSE2 on x86-64, NEON on AArch64). avx2 includes FMA; avx512 is F, BW,
/// DQ, VL; avx512_bf16 multiplies pairs of bfloat16 as well, which the others emulate.
enum class instruction_set { automatic, baseline, avx2, avx512, avx512_bf16 };
inline constexpr instruction_set instruction_sets[] = {instruction_set::baseline, instruction_set::avx2, instruction_set::avx512,
                                                       instruction_set::avx512_bf16};

constexpr std::string_view name(instruction_set s) {
  constexpr std::string_view names[] = {"automatic", "baseline", "avx2", "avx512", "avx512_bf16"};
  return names[static_cast<int>(s)];
}
/// Can this processor run that copy?
inline bool is_supported(instruction_set s) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (s == instruction_set::avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (s == instruction_set::avx512)
    return is_supported(instruction_set::avx2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (s == instruction_set::avx512_bf16) return is_supported(instruction_set::avx512) && __builtin_cpu_supports("avx512bf16");
#endif
  return s == instruction_set::automatic || s == instruction_set::baseline;
}

/// The copy that `wanted` stands for. automatic: the one named by the environment variable EDVR_ISA, else the best that the processor has.
/// Throws error for an unknown name and for a copy that the processor cannot run.
inline instruction_set resolve(instruction_set wanted) {
  auto const checked = [](instruction_set s, char const* who) {
    if (!is_supported(s)) throw error(text(who, ": this processor cannot run ", name(s), "; expected one that it has, or automatic"));
    return s;
  };
  if (wanted != instruction_set::automatic) return checked(wanted, "instruction set");
  static instruction_set const found = [&] {
    char const* const asked = std::getenv("EDVR_ISA");
    if (asked && *asked && std::string_view(asked) != "automatic") {
      for (auto s : instruction_sets)
        if (name(s) == asked) return checked(s, "EDVR_ISA");
      throw error(text("EDVR_ISA is \"", asked, "\"; expected automatic, baseline, avx2, avx512 or avx512_bf16"));
    }
    auto best = instruction_set::baseline;
    for (auto s : instruction_sets)
      if (is_supported(s)) best = s;
    return best;
  }();
  return found;
}

}  // namespace edvr::v1
