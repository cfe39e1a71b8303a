// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "commands.hpp"
#include "edvr/ops/views.hpp"
#include "frames.hpp"
#include "interrupt.hpp"
#include "not_empty.hpp"
#include "read_picture.hpp"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <stb_easy_font.h>
#pragma GCC diagnostic pop

namespace program {

namespace {
using namespace edvr;

using picture = tensor<std::uint8_t, 3>;

/// White text; a letter is about 6 x 8 pixels times `size`.
void draw_text(picture const& to, index_t x, index_t y, index_t size, std::string text) {
  for (auto& c : text)
    if (c < 32 || c > 126) c = '?';                      // the font has no other letters
  constexpr std::size_t most_strokes = 11, stroke = 64;  // of a letter; bytes
  std::vector<char> quads(text.size() * most_strokes * stroke + stroke);
  int const n = stb_easy_font_print(0, 0, text.data(), nullptr, quads.data(), static_cast<int>(quads.size()));
  struct corner {
    float x, y, z;
    unsigned char colour[4];
  };
  for (int q = 0; q < n; ++q) {
    corner c[4];
    std::memcpy(c, quads.data() + static_cast<std::size_t>(q) * sizeof c, sizeof c);
    auto const left = static_cast<index_t>(c[0].x) * size, right = static_cast<index_t>(c[2].x) * size,
               top = static_cast<index_t>(c[0].y) * size, bottom = static_cast<index_t>(c[2].y) * size;
    for (index_t i = std::max<index_t>(y + top, 0); i < std::min(y + bottom, to.extent(1)); ++i)
      for (index_t j = std::max<index_t>(x + left, 0); j < std::min(x + right, to.extent(2)); ++j)
        for (index_t channel = 0; channel < 3; ++channel) to[{{channel, i, j}}] = 255;
  }
}

int sheet(std::vector<std::string> const& inputs, std::string const& output, std::vector<std::string> const& labels, bool overwrite) {
  if (!labels.empty() && labels.size() != inputs.size())
    throw CLI::ValidationError("--labels", edvr::text(labels.size(), " given for ", inputs.size(), " pictures; expected one each"));
  if (fs::path(output).extension() != ".png") throw io_error(edvr::text(output, ": sheets are PNG; expected a name that ends in .png"));
  for (auto const& p : inputs)
    if (std::error_code failure; fs::equivalent(p, output, failure))
      throw io_error(edvr::text(output, ": would overwrite an input; write to another file"));
  if (fs::exists(output) && !overwrite) throw io_error(edvr::text(output, ": exists; remove it or allow --overwrite"));
  std::vector<picture> pictures;
  index_t height = 1;
  for (auto const& p : inputs)
    stop_if_interrupted(), pictures.push_back(to_8bit(read_picture<float>(p))), height = std::max(height, pictures.back().extent(1));
  // Small pictures are enlarged by whole factors, pixels left visible.
  index_t const caption = labels.empty() ? 0 : 28, gap = 8;
  index_t width = gap;
  std::vector<index_t> factors;
  for (auto const& p : pictures) factors.push_back(height / p.extent(1)), width += p.extent(2) * factors.back() + gap;
  edvr::detail::check_picture_size(output, static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height + caption + 2 * gap));
  auto const canvas = full<std::uint8_t>(coord<3>{{3, height + caption + 2 * gap, width}}, std::uint8_t(24));
  index_t x = gap;
  for (std::size_t k = 0; k < pictures.size(); ++k) {
    auto const& p = pictures[k];
    index_t const f = factors[k];
    if (caption) draw_text(canvas, x, gap, 2, labels[k]);
    for (index_t channel = 0; channel < 3; ++channel)
      for (index_t i = 0; i < p.extent(1) * f; ++i)
        for (index_t j = 0; j < p.extent(2) * f; ++j) canvas[{{channel, gap + caption + i, x + j}}] = p[{{channel, i / f, j / f}}];
    x += p.extent(2) * f + gap;
  }
  stop_if_interrupted();
  write_png(output, canvas);
  return 0;
}
}  // namespace

void add_sheet(CLI::App& app, action& run) {
  struct options {
    std::vector<std::string> inputs, labels;
    std::string output;
    bool overwrite = false;
  };
  auto* const c = app.add_subcommand("sheet", "Pictures side by side, with captions");
  auto const o = std::make_shared<options>();
  c->add_option("pictures", o->inputs, "1 to 16 PNG or JPEG; small ones are enlarged by whole factors")
      ->required()
      ->check(not_empty)
      ->expected(1, 16);
  c->add_option("-o,--output", o->output, "PNG to write")->required()->check(not_empty);
  c->add_option("--labels", o->labels, "a caption for each: --labels A B C")->expected(1, 16);
  c->add_flag("--overwrite", o->overwrite, "replace the output if it exists");
  c->callback([o, &run] { run = [o] { return sheet(o->inputs, o->output, o->labels, o->overwrite); }; });
}

}  // namespace program
