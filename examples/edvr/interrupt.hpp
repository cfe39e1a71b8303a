// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace program {

/// From now on Ctrl-C, SIGTERM, or the terminal that closes ask the work
/// to stop instead of ending the program at once. A second one ends it.
void catch_interrupts();
bool is_interrupted();
/// Throws edvr::cancelled after Ctrl-C.
void stop_if_interrupted();

}  // namespace program
