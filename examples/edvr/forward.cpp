// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <chrono>
#include <iostream>
#include <memory>

#include "commands.hpp"
#include "edvr/io/tensor_files.hpp"
#include "frames.hpp"
#include "interrupt.hpp"
#include "models.hpp"
#include "not_empty.hpp"
#include "window_recorder.hpp"

namespace program {

namespace {
using namespace edvr;

struct forward_options {
  model_options model;
  clip_options clip;
  std::string input, output, precision = "float32";
  bool dump = false, stats = false, overwrite = false;
};

template <class T>
tensor<arithmetic_t<T>, 4> run_clip(forward_options const& o, nn::edvr_net<T> const& net, video_options<arithmetic_t<T>> const& options,
                                    tensor<arithmetic_t<T>, 4> const& frames) {
  if (o.clip.stage2.empty()) return restore_clip(video_restorer<T>(net, options), frames);
  auto const second = second_stage_of(o.model, o.clip);
  auto const net2 = make_net<T>(open_model(second), second);
  return restore_clip(two_stage_restorer<T>(video_restorer<T>(net, options), video_restorer<T>(net2, options)), frames);
}

/// T: what the network is stored as.
template <class T>
int forward(forward_options const& o) {
  using value = arithmetic_t<T>;
  for (auto const& in : {o.input, o.model.path, o.clip.stage2})
    if (std::error_code failure; std::filesystem::equivalent(o.output, in, failure))
      throw io_error(edvr::text(o.output, ": would overwrite the input; write to another file"));
  auto const suffix = std::filesystem::path(o.output).extension();
  if (suffix != ".safetensors" && suffix != ".npz" && suffix != ".npy")
    throw io_error(
        edvr::text(o.output, ": is written as safetensors, npz or npy; expected a name that ends in .safetensors, .npz or .npy"));
  if (o.dump && suffix == ".npy")
    throw CLI::ValidationError("--dump", "writes several tensors, and .npy holds one; expected .safetensors or .npz");
  if (std::filesystem::exists(o.output) && !o.overwrite) throw io_error(edvr::text(o.output, ": exists; remove it or allow --overwrite"));
  if (auto const folder = std::filesystem::path(o.output).parent_path(); !folder.empty()) make_folder(folder);
  auto tensors = read_tensors(o.input);
  if (auto only = tensors.find("array"); only != tensors.end() && tensors.size() == 1)
    tensors.emplace("input", only->second);  // .npy, which has no names
  auto const input = tensors.find("input");
  if (input == tensors.end())
    throw io_error(edvr::text(o.input, ": holds no tensor \"input\"; expected (B, T, 3, H, W), or a clip (T, 3, H, W)"));
  auto const rank = input->second.shape().size();
  if (rank != 4 && rank != 5)
    throw io_error(edvr::text(o.input, ": input is ", input->second.describe(), "; expected (B, T, 3, H, W), or a clip (T, 3, H, W)"));
  if (input->second.size() == 0)
    throw io_error(edvr::text(o.input, ": input is ", input->second.describe(), "; expected at least one frame"));
  auto const m = open_model(o.model);
  auto const net = make_net<T>(m, o.model);
  auto options = video_options_of<value>(o.clip, net.config);
  options.forward.progress = [](double) { return !is_interrupted(); };
  window_recorder<value> middle;
  if (o.dump) {
    if (rank == 4 || o.clip.ensemble)
      throw CLI::ValidationError("--dump", "shows one window: it takes an input of rank 5 and no --ensemble");
    options.forward.see = middle.see();
  }
  if (rank == 5 && (!o.clip.padding.empty() || !o.clip.cache || !o.clip.split))
    throw CLI::ValidationError("--padding, --no-cache, --no-split", "are for the windows of a clip: they take an input of rank 4");
  if (rank == 5 && !o.clip.stage2.empty()) throw CLI::ValidationError("--stage2", "runs over a clip: it takes an input of rank 4");
  tensor_map result;
  auto const start = std::chrono::steady_clock::now();
  result.emplace("output", any_tensor(rank == 5 ? restore_window(net, input->second.template to<value, 5>(), options)
                                                : run_clip(o, net, options, input->second.template to<value, 4>())));
  if (o.stats) {
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    std::cerr << edvr::text(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), " s, ",
                            options.forward.executor.workers(), " threads, peak memory ", use.ru_maxrss / 1024, " MiB (tensors ",
                            host_memory.peak_bytes.load() >> 20, " MiB)\n");
  }
  for (auto const& [name, t] : middle.tensors()) result.emplace("mid." + name, t);
  write_tensors(o.output, result);
  return 0;
}
}  // namespace

void add_forward(CLI::App& app, action& run) {
  auto* const c =
      app.add_subcommand("forward", "The network on raw tensors (--padding, --no-cache, --no-split, --stage2: of clips, rank 4, only)");
  auto const o = std::make_shared<forward_options>();
  c->add_option("-i,--input", o->input,
                "safetensors or .npz with \"input\", or .npy: (B, T, 3, H, W), or a clip (T, 3, H, W), RGB in [0, 1]")
      ->required()
      ->check(not_empty);
  c->add_option("-o,--output", o->output, "safetensors, .npz or .npy to write: \"output\", not clamped")->required()->check(not_empty);
  add_model_options(*c, o->model);
  add_clip_options(*c, o->clip);
  c->add_option("--precision", o->precision,
                "what the numbers are computed in; float16, bfloat16: weights and features in 16 bits, sums in float32")
      ->check(CLI::IsMember({"float32", "float64", "float16", "bfloat16"}))
      ->capture_default_str();
  c->add_flag("--overwrite", o->overwrite, "replace the output if it exists");
  c->add_flag("--stats", o->stats, "say how long the network took and how much memory");
  c->add_flag("--dump", o->dump,
              "of one window (rank 5, without --ensemble, not to .npy): also write what the network sees in between, as mid.*");
  c->callback([o, &run] {
    run = [o] {
      auto const& p = o->precision;
      return p == "float64"    ? forward<double>(*o)
             : p == "float16"  ? forward<float16>(*o)
             : p == "bfloat16" ? forward<bfloat16>(*o)
                               : forward<float>(*o);
    };
  });
}

}  // namespace program
