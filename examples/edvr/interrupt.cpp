// SPDX-License-Identifier: Apache-2.0
#include "interrupt.hpp"

#include <csignal>

#include "edvr/core/error.hpp"

namespace program {

namespace {
volatile std::sig_atomic_t asked = 0;
void on_signal(int number) {
  asked = 1;
  std::signal(number, SIG_DFL);
}
}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  if (std::signal(SIGHUP, on_signal) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);  // nohup
}
bool is_interrupted() { return asked != 0; }
void stop_if_interrupted() {
  if (asked) throw edvr::cancelled("interrupted");
}

}  // namespace program
