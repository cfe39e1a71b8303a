// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "commands.hpp"
#include "edvr/backend/cpu/build_info.hpp"
#include "edvr/model/cost.hpp"
#include "gpu_restorer.hpp"
#include "models.hpp"
#include "printable.hpp"
#include "whole_number.hpp"

namespace program {

namespace {
using namespace edvr;

struct info_options {
  model_options model;
  std::string size = "320x180";
  int threads = 0;
  bool as_json = false;
};

std::pair<index_t, index_t> parse_size(std::string const& s) {
  index_t w = 0, h = 0;
  char x = 0, rest = 0;
  if (std::sscanf(s.c_str(), "%8ld%c%8ld%c", &w, &x, &h, &rest) != 3 || x != 'x' || w < 1 || h < 1 || w > 16384 || h > 16384)
    throw CLI::ValidationError("--size", edvr::text("\"", s, "\" is not WxH with sides of 1 to 16384, such as 320x180"));
  return {w, h};
}

int info(info_options const& o) {
  auto const [w, h] = parse_size(o.size);
  auto const m = open_model(o.model);
  auto const all = layers(m.config, h, w);
  nn::edvr_net<float> const net(m.config);
  index_t const beside = memory_beside_tensors({o.threads}, m.config, h, w), memory = peak_tensor_bytes(m.config, h, w, true) + beside,
                half_memory = peak_tensor_bytes<bfloat16>(m.config, h, w, true) + beside;
  auto const& c = m.config;
  json j;
  j["file"] = m.random ? o.model.path : m.weights.file;
  if (!m.random) j["container"] = m.weights.container, j["wrapper"] = m.weights.wrapper, j["dialect"] = name(m.weights.speaks);
  j["configuration"] = {{"num_feat", c.num_feat},
                        {"num_frame", c.num_frame},
                        {"deformable_groups", c.deformable_groups},
                        {"num_extract_block", c.num_extract_block},
                        {"num_reconstruct_block", c.num_reconstruct_block},
                        {"center_frame_idx", c.center()},
                        {"hr_in", c.hr_in},
                        {"with_predeblur", c.with_predeblur},
                        {"with_tsa", c.with_tsa},
                        {"num_alignment_dcn", c.num_alignment_dcn}};
  j["scale"] = c.scale();
  j["nearest_published"] = nearest_published(c);
  j["parameters"] = nn::parameter_count(net);
  j["size"] = {{"width", w}, {"height", h}};
  j["multiply_adds"] = multiply_adds(all);
  j["memory_bytes"] = memory;
  j["memory_bytes_bfloat16"] = half_memory;
  json list = json::array();
  for (auto const& l : all)
    list.push_back({{"name", l.name},
                    {"op", l.deformable ? "deform_conv2d" : "conv2d"},
                    {"algorithm", name(l.runs_as)},
                    {"in", l.in},
                    {"out", l.out},
                    {"kernel", l.kernel},
                    {"height", l.height},
                    {"width", l.width},
                    {"calls", l.calls},
                    {"multiply_adds", l.multiply_adds()}});
  j["layers"] = list;
  // What a load would complain of.
  std::vector<std::string> problems;
  if (!m.random) try {
      (void)make_net<float>(m, o.model);
    } catch (model_error const& e) {
      problems.push_back(e.what());
    }
  j["build"] = build_info(cpu_executor{o.threads});
  j["gpus"] = gpus();
  j["problems"] = problems;
  j["ignored"] = m.weights.ignored;
  j["python_globals"] = m.weights.opaque;
  if (o.as_json) return std::cout << j.dump(2, ' ', false, json::error_handler_t::replace) << '\n', 0;

  auto const number = [](index_t n, double unit, char const* suffix) {
    char s[40];
    std::snprintf(s, sizeof s, "%.1f %s", static_cast<double>(n) / unit, suffix);
    return std::string(s);
  };
  std::cout << "file           " << printable(j["file"].get<std::string>()) << '\n';
  if (!m.random)
    std::cout << "format         " << m.weights.container << (m.weights.wrapper.empty() ? "" : ", " + m.weights.wrapper) << ", "
              << name(m.weights.speaks) << " names\n";
  std::cout << "configuration  " << c.num_feat << " channels, " << c.num_frame << " frames (restores number " << c.center() << "), "
            << c.deformable_groups << " deformable groups, " << c.num_extract_block << " + " << c.num_reconstruct_block << " blocks"
            << (c.num_alignment_dcn > 0 ? edvr::text(", ", c.num_alignment_dcn, " deformable convolution",
                                                     c.num_alignment_dcn > 1 ? "s" : "", " instead of PCD")
                                        : std::string())
            << (c.with_tsa ? ", TSA" : ", no TSA") << (c.with_predeblur ? ", PreDeblur" : "") << (c.hr_in ? ", HR input" : "")
            << ", output x" << c.scale() << '\n'
            << "resembles      " << nearest_published(c) << '\n'
            << "parameters     " << nn::parameter_count(net) << '\n'
            << "a window of    " << w << " x " << h << ": " << number(multiply_adds(all), 1e9, "G multiply-adds") << '\n'
            << "memory         " << "a clip of such frames needs about " << number(memory, 1 << 20, "MiB, ")
            << number(half_memory, 1 << 20, "in bfloat16") << '\n'
            << "runs on        " << build_info(cpu_executor{o.threads}) << '\n'
            << "GPUs           " << gpus() << "\n\n";
  std::printf("%-42s %-13s %-10s %12s %3s %11s %5s %10s\n", "layer", "op", "algorithm", "channels", "k", "result", "calls", "G mul-add");
  for (auto const& l : all)
    std::printf("%-42s %-13s %-10s %5ld -> %3ld %3ld %5ld x %-4ld %4ld %10.2f\n", l.name.c_str(), l.deformable ? "deform_conv2d" : "conv2d",
                std::string(name(l.runs_as)).c_str(), l.in, l.out, l.kernel, l.width, l.height, l.calls,
                static_cast<double>(l.multiply_adds()) / 1e9);
  std::fflush(stdout);
  for (auto const& p : problems) std::cout << "does not load: " << printable(p) << '\n';
  for (auto const& i : m.weights.ignored) std::cout << "not used: " << printable(i) << '\n';
  for (auto const& g : m.weights.opaque) std::cout << "Python global, not executed: " << printable(g) << '\n';
  return 0;
}
}  // namespace

void add_info(CLI::App& app, action& run) {
  auto* const c =
      app.add_subcommand("info", "What a weight file is, and what running it costs; what does not load is told, and is no failure");
  auto const o = std::make_shared<info_options>();
  add_model_options(*c, o->model);
  c->add_option("--size", o->size, "size of the input frames, WxH")->capture_default_str();
  c->add_option("--threads", o->threads, "cores assumed for the memory figure (0: all)")->transform(whole_number(0, 1024));
  c->add_flag("--json", o->as_json, "as JSON");
  c->callback([o, &run] { run = [o] { return info(*o); }; });
}

}  // namespace program
