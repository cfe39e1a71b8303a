// SPDX-License-Identifier: Apache-2.0
// A folder of frames, 0 to FRAMES - 1, restored with a published weight file: 03_restore_clip WEIGHTS.pth IN/%08d.png OUT/%08d.png FRAMES
// The folder OUT must exist.
#include <cstdio>
#include <iostream>
#include <stdexcept>

#include "edvr/edvr.hpp"
#include "edvr/io.hpp"

int main(int argc, char** argv) try {
  if (argc != 5)
    return std::cerr << "usage: 03_restore_clip WEIGHTS.pth IN/%08d.png OUT/%08d.png FRAMES    (the folder OUT must exist)\n", 2;
  edvr::video_restorer<float> restorer(edvr::load_edvr<float>(argv[1]));
  auto const path = [](std::string pattern, long i) {
    char number[32];
    std::snprintf(number, sizeof number, "%08ld", i);
    auto const at = pattern.find("%08d");
    if (at == std::string::npos) throw std::invalid_argument(pattern + ": expected a name with %08d, the frame's number");
    return pattern.replace(at, 4, number);
  };
  auto const write_ready = [&] {
    while (auto y = restorer.pop()) edvr::write_png(path(argv[3], restorer.next_frame() - 1), edvr::to_8bit(*y));
  };
  for (long i = 0; i < std::stol(argv[4]); ++i) {
    restorer.push(edvr::from_8bit<float>(edvr::read_image(path(argv[2], i))));
    write_ready();
  }
  restorer.finish();
  write_ready();
} catch (std::exception const& e) {
  return std::cerr << e.what() << '\n', 1;
}
