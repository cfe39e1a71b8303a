// SPDX-License-Identifier: Apache-2.0
// Runs seeds and former findings through their targets, by any compiler: fuzz_replay FOLDER, with a folder of files for each target in it.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "targets.hpp"

int main(int argc, char** argv) {
  using target = void (*)(fuzz::bytes);
  constexpr std::pair<char const*, target> targets[] = {{"checkpoint", fuzz::checkpoint},
                                                        {"pickle", fuzz::pickle},
                                                        {"zip", fuzz::zip},
                                                        {"safetensors", fuzz::safetensors},
                                                        {"npy", fuzz::npy},
                                                        {"image", fuzz::image},
                                                        {"y4m", fuzz::y4m},
                                                        {"shapes", fuzz::shapes},
                                                        {"patterns", fuzz::patterns},
                                                        {"arguments", fuzz::arguments}};
  int files = 0;
  for (auto const& [name, run] : targets) {
    int const before = files;
    for (int i = 1; i < argc; ++i) {
      auto const folder = std::filesystem::path(argv[i]) / name;
      if (!std::filesystem::is_directory(folder)) continue;
      for (auto const& entry : std::filesystem::directory_iterator(folder)) {
        auto const whole = edvr::read_file(entry.path());
        std::fprintf(stderr, "%s\n", entry.path().c_str());
        run(*whole);
        for (std::size_t cut : {whole->size() / 2, whole->size() - std::min<std::size_t>(whole->size(), 1)})
          run(fuzz::bytes(*whole).first(cut));
        ++files;
      }
    }
    if (files == before) return std::fprintf(stderr, "no file for %s\n", name), 1;
  }
  std::printf("replayed %d files\n", files);
  return files > 0 ? 0 : 1;
}
