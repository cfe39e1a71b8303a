// SPDX-License-Identifier: Apache-2.0
// Which pictures an argument names: a folder, one picture, or a printf pattern such as frames/%05d.png.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "edvr/core/shape.hpp"

namespace program {

namespace fs = std::filesystem;

/// "prefix%05dsuffix", taken apart; never given to printf.
struct pattern {
  std::string prefix, suffix;
  int width = 0;
  fs::path at(edvr::index_t number) const;
};
/// Nothing if the file name has no %; throws io_error if what follows it is not d or 0Nd, or if a folder in front has such a number.
std::optional<pattern> parse_pattern(std::string const& text);

struct frame_list {
  std::vector<fs::path> paths;         // in natural order: frame9 before frame10
  std::vector<edvr::index_t> numbers;  // of a pattern; else 0, 1, 2, ...
  std::string note;                    // a gap in the numbering, say
  fs::path folder = {};                // whose pictures these all are, if that was asked for
};
/// Throws io_error if nothing is there.
frame_list list_frames(std::string const& argument);

/// Where the results of these frames go: a folder (file names kept, .png), a pattern (numbers kept), or one .png for one frame.
/// Checks that none would overwrite an input and, unless they may, that none exists; makes the folder. Throws io_error.
std::vector<fs::path> plan_outputs(std::string const& argument, frame_list const& frames, std::size_t first, std::size_t last,
                                   bool may_exist);
/// Where the frames of a stream go: a pattern, or a folder of 00000000.png and so on. Makes the folder. Throws io_error.
pattern plan_stream_outputs(std::string const& argument);
/// Makes the folder, if there is none. Throws io_error if that cannot be, or nothing may be written there.
void make_folder(fs::path const& folder);

}  // namespace program
