// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstring>
#include <iostream>
#include <memory>

#include "commands.hpp"
#include "edvr/backend/cpu/executor.hpp"
#include "edvr/io/image.hpp"
#include "edvr/io/tensor_files.hpp"
#include "edvr/ops/math.hpp"
#include "edvr/testing/compare.hpp"
#include "interrupt.hpp"
#include "not_empty.hpp"
#include "printable.hpp"

namespace program {

namespace {
using namespace edvr;

struct compare_options {
  std::string a, b;
  double atol = 0, rtol = 0;
};

/// What a path holds: a tensor file's tensors, or a picture as one tensor.
tensor_map open(std::string const& path) {
  auto const bytes = read_file(path);
  bool const png = bytes->size() >= 4 && std::memcmp(bytes->data(), "\x89PNG", 4) == 0,
             jpeg = bytes->size() >= 3 && std::memcmp(bytes->data(), "\xff\xd8\xff", 3) == 0;
  bool const by_name = path.ends_with(".safetensors") || path.ends_with(".npy") || path.ends_with(".npz"),
             framed = bytes->size() > 8 && bytes->at(8) == std::byte{'{'};
  if (!png && !jpeg && (by_name || framed || format_of(path, bytes) != tensor_format::safetensors)) return parse_tensors(path, bytes);
  if (!png && !jpeg)
    throw io_error(edvr::text(
        path, ": is neither PNG, JPEG, safetensors, .npz nor .npy; edvr convert makes safetensors of weight files that PyTorch wrote"));
  tensor_map m;
  m.emplace("picture", image_bits(*bytes) == 16 ? any_tensor(eval(cast<std::int32_t>(decode_image16(path, *bytes))))
                                                : any_tensor(decode_image(path, *bytes)));
  return m;
}

int compare(compare_options const& o) {
  if (!(std::isfinite(o.atol) && std::isfinite(o.rtol) && o.atol >= 0 && o.rtol >= 0))
    throw CLI::ValidationError("--atol, --rtol", "expected numbers from 0 on");
  auto const a = open(o.a), b = open(o.b);
  if (a.empty() && b.empty()) throw io_error(edvr::text(o.a, " and ", o.b, ": hold no tensors to compare"));
  bool same = true;
  for (auto const& [name, t] : a)
    if (!b.count(name)) same = false, std::cout << printable(name) << ": only in " << printable(o.a) << '\n';
  for (auto const& [name, t] : b)
    if (!a.count(name)) same = false, std::cout << printable(name) << ": only in " << printable(o.b) << '\n';
  for (auto const& [name, x] : a) {
    stop_if_interrupted();
    auto const found = b.find(name);
    if (found == b.end()) continue;
    if (x.shape() != found->second.shape()) {
      same = false;
      std::cout << printable(name) << ": shapes differ, " << x.describe() << " and " << found->second.describe() << '\n';
      continue;
    }
    auto const report = testing::compare(x, found->second, o.rtol, o.atol);
    same = same && report.within;
    std::cout << printable(name) << ": " << x.describe() << ", " << report.summary() << (report.within ? "" : "  DIFFERENT") << '\n';
  }
  return same ? 0 : 1;
}
}  // namespace

void add_compare(CLI::App& app, action& run) {
  auto* const c = app.add_subcommand(
      "compare",
      "How far two tensor files or two pictures are apart; exit code 1 beyond the tolerance, if shapes differ, or if a tensor is in one of them only (the one of a .npy is called array)");
  auto const o = std::make_shared<compare_options>();
  c->add_option("A", o->a, "safetensors, .npy, .npz or picture")->required()->check(not_empty);
  c->add_option("B", o->b, "the one to hold it against")->required()->check(not_empty);
  c->add_option("--atol", o->atol, "allowed: |a - b| <= atol + rtol |b|")->capture_default_str();
  c->add_option("--rtol", o->rtol, "see --atol")->capture_default_str();
  c->callback([o, &run] { run = [o] { return compare(*o); }; });
}

}  // namespace program
