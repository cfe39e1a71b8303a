// SPDX-License-Identifier: Apache-2.0
#include "frames.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <set>
#include <string_view>

#include "edvr/core/error.hpp"

namespace program {

using edvr::io_error;
using edvr::text;

namespace {
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_picture(fs::path const& p) {
  auto e = p.extension().string();
  std::transform(e.begin(), e.end(), e.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return e == ".png" || e == ".jpg" || e == ".jpeg";
}
/// Runs of digits compare as numbers, the rest byte by byte; equal so far, the plain order decides.
bool natural_less(std::string const& a, std::string const& b) {
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      auto const number = [](std::string const& s, std::size_t& at) {
        while (at < s.size() && s[at] == '0') ++at;
        std::size_t const start = at;
        while (at < s.size() && is_digit(s[at])) ++at;
        return s.substr(start, at - start);
      };
      auto const x = number(a, i), y = number(b, j);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    } else {
      if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
      ++i, ++j;
    }
  }
  return a.size() - i != b.size() - j ? a.size() - i < b.size() - j : a < b;
}
/// The number of a frame: digits, of which 18 at most follow the leading zeros.
std::optional<edvr::index_t> number_of(std::string_view digits) {
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return {};
  auto const significant = std::min(digits.find_first_not_of('0'), digits.size());
  if (digits.size() - significant > 18) return {};
  return std::stoll(std::string(digits));
}
/// The last run of digits of a file name, if it is a number.
std::optional<edvr::index_t> number_in(std::string const& name) {
  auto const end = std::find_if(name.rbegin(), name.rend(), is_digit).base();
  auto begin = end;
  while (begin != name.begin() && is_digit(*(begin - 1))) --begin;
  return number_of({begin, end});
}
void note_gaps(frame_list& f, std::vector<std::optional<edvr::index_t>> const& numbers) {
  for (std::size_t i = 1; i < numbers.size(); ++i)
    if (numbers[i - 1] && numbers[i] && *numbers[i] > *numbers[i - 1] + 1) {
      f.note = text("frame numbers jump from ", *numbers[i - 1], " to ", *numbers[i], " (", f.paths[i].string(), "): treated as one clip");
      return;
    }
}
/// The pattern that an output is, unless there is a folder of that name.
std::optional<pattern> output_pattern(std::string const& argument) {
  std::error_code failure;
  if (fs::is_directory(argument, failure)) return {};
  auto const p = parse_pattern(argument);
  if (!p)
    for (auto other : {".webp", ".bmp", ".tif", ".tiff", ".gif", ".ppm", ".avif", ".jxl", ".exr", ".y4m"})
      if (fs::path(argument).extension() == other)
        throw io_error(text(argument, ": pictures are written as PNG; expected a name that ends in .png, or a folder"));
  return p;
}
}  // namespace

void make_folder(fs::path const& folder) {
  std::error_code failure;
  if (fs::exists(folder, failure) && !fs::is_directory(folder, failure))
    throw io_error(text(folder.string(), ": is a file; expected a folder"));
  fs::create_directories(folder, failure);
  if (failure) throw io_error(text(folder.string(), ": cannot be made (", failure.message(), ")"));
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    throw io_error(text(folder.string(), ": cannot be written to (", std::strerror(errno), ")"));
}

fs::path pattern::at(edvr::index_t number) const {
  auto digits = std::to_string(number);
  if (static_cast<int>(digits.size()) < width) digits.insert(0, static_cast<std::size_t>(width) - digits.size(), '0');
  return prefix + digits + suffix;
}

std::optional<pattern> parse_pattern(std::string const& s) {
  auto const name = s.rfind('/') + 1;  // 0 where there is none
  for (std::size_t i = s.find('%'); i < name; i = s.find('%', i + 1)) {
    auto const after = s.find_first_not_of("0123456789", i + 1);
    if (after < name && s[after] == 'd') throw io_error(text(s, ": expected one %d, in the file name"));
  }
  auto const at = s.find('%', name);
  if (at == std::string::npos) return {};
  pattern p{s.substr(0, at), "", 0};
  std::size_t i = at + 1;
  if (i < s.size() && s[i] == '0')
    for (++i; i < s.size() && is_digit(s[i]) && p.width < 20; ++i) p.width = 10 * p.width + (s[i] - '0');
  if (i >= s.size() || s[i] != 'd' || p.width > 20)
    throw io_error(text(s, ": not a frame pattern; expected one %d or %05d, as in frames/%05d.png"));
  p.suffix = s.substr(i + 1);
  if (p.suffix.find('%') != std::string::npos) throw io_error(text(s, ": expected one %d, in the file name"));
  return p;
}

frame_list list_frames(std::string const& argument) {
  frame_list f;
  if (argument.empty()) throw io_error("input path is empty; expected a folder, a picture or a pattern");
  std::error_code failure;
  auto const entries = [&](fs::path const& folder) {
    std::vector<std::string> names;
    for (fs::directory_iterator i(folder, failure), end; !failure && i != end; i.increment(failure))
      names.push_back(i->path().filename().string());
    if (failure) throw io_error(text(folder.string(), ": cannot be listed (", failure.message(), ")"));
    return names;
  };
  if (fs::is_directory(argument, failure)) {
    std::vector<std::string> names;
    for (auto const& n : entries(argument))
      if (n[0] != '.' && is_picture(n)) names.push_back(n);
    std::sort(names.begin(), names.end(), natural_less);
    if (names.empty()) throw io_error(text(argument, ": folder holds no .png, .jpg or .jpeg picture"));
    std::vector<std::optional<edvr::index_t>> numbers;
    for (auto const& n : names) {
      numbers.push_back(number_in(n));
      f.numbers.push_back(static_cast<edvr::index_t>(f.paths.size()));
      f.paths.push_back(fs::path(argument) / n);
    }
    note_gaps(f, numbers);
    f.folder = argument;
    return f;
  }
  auto const status = fs::status(argument, failure);
  if (failure && status.type() != fs::file_type::not_found) throw io_error(text(argument, ": cannot be read (", failure.message(), ")"));
  if (argument == "-" || (fs::exists(status) && fs::path(argument).extension() == ".y4m"))
    throw io_error(text(argument, ": is a y4m stream, which edvr restore takes; expected a folder, a picture or a pattern"));
  if (fs::exists(status) && !fs::is_regular_file(status))
    throw io_error(text(argument, ": is a pipe or device; expected a folder, a picture or a pattern (restore: or -, standard input)"));
  if (fs::exists(status)) {
    f.paths.push_back(argument), f.numbers.push_back(0);
    return f;
  }
  auto const p = parse_pattern(argument);
  if (!p) throw io_error(text(argument, ": no such file or folder"));
  fs::path const prefix = p->prefix;
  auto const folder = prefix.has_parent_path() ? prefix.parent_path() : fs::path(".");
  std::string const start = prefix.filename().string();
  std::set<edvr::index_t> found;
  for (auto const& n : entries(folder)) {
    if (n.size() <= start.size() + p->suffix.size() || !n.starts_with(start) || !n.ends_with(p->suffix)) continue;
    auto const digits = n.substr(start.size(), n.size() - start.size() - p->suffix.size());
    auto const number = number_of(digits);
    if (number && p->at(*number).filename().string() == n) found.insert(*number);
  }
  if (found.empty()) throw io_error(text(argument, ": no file matches the pattern"));
  std::vector<std::optional<edvr::index_t>> numbers;
  for (auto n : found) f.paths.push_back(p->at(n)), f.numbers.push_back(n), numbers.push_back(n);
  note_gaps(f, numbers);
  return f;
}

std::vector<fs::path> plan_outputs(std::string const& argument, frame_list const& frames, std::size_t first, std::size_t last,
                                   bool may_exist) {
  if (argument.empty()) throw io_error("output path is empty; expected a folder, a pattern or a .png");
  if (argument == "-") throw io_error("-: only edvr restore writes to standard output, y4m; expected a folder, a pattern or a .png");
  std::vector<fs::path> outputs;
  auto const p = output_pattern(argument);
  fs::path folder = argument;
  bool const one_file = !p && last - first == 1 && is_picture(argument) && !fs::is_directory(argument);
  if (p || one_file) folder = fs::path(argument).parent_path();
  if (folder.empty()) folder = ".";
  for (std::size_t i = first; i < last; ++i)
    outputs.push_back(p ? p->at(frames.numbers[i]) : one_file ? fs::path(argument) : folder / (frames.paths[i].stem().string() + ".png"));
  for (auto const& o : outputs)
    if (o.extension() != ".png") throw io_error(text(o.string(), ": outputs are PNG; expected a name that ends in .png, or a folder"));
  if (!p && !one_file && is_picture(argument) && !fs::is_directory(argument))
    throw io_error(text(argument, ": one picture for ", last - first, " frames; expected a folder or a pattern such as out/%05d.png"));
  std::error_code failure;
  std::set<fs::path> distinct, inputs;
  for (auto const& in : frames.paths)
    if (auto const real = fs::canonical(in, failure); !failure) inputs.insert(real);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    auto const& o = outputs[i];
    if (!distinct.insert(o).second)
      throw io_error(text(o.string(), ": two frames would be written to this file; give their pictures different names"));
    auto const there = fs::status(o, failure);
    if (!fs::exists(there) && fs::is_symlink(fs::symlink_status(o, failure)))
      throw io_error(text(o.string(), ": is a link to nothing, which the result would replace; remove it or choose another output"));
    if (!fs::exists(there)) continue;
    if (!fs::is_regular_file(there))
      throw io_error(text(o.string(), ": is a folder, pipe or device; expected the name of a file to write"));
    if (inputs.count(fs::canonical(o, failure)))
      throw io_error(text(o.string(), ": would overwrite an input frame; write to another folder"));
    if (!may_exist)
      throw io_error(text(o.string(), ": exists; remove it, choose another output, or allow --overwrite (restore: or --resume)"));
  }
  if (!frames.folder.empty() && fs::equivalent(frames.folder, folder, failure))
    throw io_error(text(folder.string(), ": is the folder of the input frames, which results would join; write to another folder"));
  make_folder(folder);
  return outputs;
}

pattern plan_stream_outputs(std::string const& argument) {
  if (argument.empty()) throw io_error("output path is empty; expected a folder, a pattern or a .y4m");
  auto p = output_pattern(argument);
  if (!p && is_picture(argument) && !fs::is_directory(argument))
    throw io_error(text(argument, ": one picture for a stream; expected a folder, a pattern such as out/%08d.png, a .y4m or -"));
  if (!p) p = pattern{(fs::path(argument) / "").string(), ".png", 8};
  if (!p->suffix.ends_with(".png")) throw io_error(text(argument, ": outputs are PNG; expected a name that ends in .png, or a folder"));
  auto const folder = fs::path(p->prefix).parent_path();
  make_folder(folder.empty() ? fs::path(".") : folder);
  return *p;
}

}  // namespace program
