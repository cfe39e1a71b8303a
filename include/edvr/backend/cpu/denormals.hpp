// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "edvr/config.hpp"

namespace edvr::inline v1::detail {

/// While it lives, this thread's vector unit takes and gives zero for numbers below the normal range, which cost up to ten times as much
/// and decide no digit of a sum of products. Elsewhere than on x86-64 it does nothing.
class flush_denormals {
#if defined(__x86_64__) && defined(__GNUC__)
 public:
  flush_denormals() : before_(__builtin_ia32_stmxcsr()) { __builtin_ia32_ldmxcsr(before_ | 0x8040); }
  ~flush_denormals() { __builtin_ia32_ldmxcsr(before_); }
  flush_denormals(flush_denormals const&) = delete;
  flush_denormals& operator=(flush_denormals const&) = delete;

 private:
  unsigned before_;
#else
 public:
  flush_denormals() {}
  ~flush_denormals() {}
#endif
};

}  // namespace edvr::inline v1::detail
