// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "commands.hpp"
#include "edvr/io/tensor_files.hpp"
#include "interrupt.hpp"
#include "models.hpp"
#include "not_empty.hpp"
#include "printable.hpp"

namespace program {

void add_convert(CLI::App& app, action& run) {
  struct options {
    model_options model;
    std::string output;
    bool overwrite = false;
  };
  auto* const c =
      app.add_subcommand("convert", "Write weights as one clean file with BasicSR names, float32: safetensors, or .npz for NumPy");
  auto const o = std::make_shared<options>();
  add_model_options(*c, o->model);
  c->remove_option(c->get_option("--center"));  // which no weight file holds
  c->add_option("-o,--output", o->output, "file to write, .safetensors or .npz")->required()->check(not_empty);
  c->add_flag("--overwrite", o->overwrite, "replace the output if it exists");
  c->callback([o, &run] {
    run = [o] {
      auto const suffix = std::filesystem::path(o->output).extension();
      if (suffix != ".safetensors" && suffix != ".npz")
        throw edvr::io_error(
            edvr::text(o->output, ": is written as safetensors or npz; expected a name that ends in .safetensors or .npz"));
      if (std::error_code failure; std::filesystem::equivalent(o->output, o->model.path, failure))
        throw edvr::io_error(edvr::text(o->output, ": would overwrite the input; write to another file"));
      if (std::filesystem::exists(o->output) && !o->overwrite)
        throw edvr::io_error(edvr::text(o->output, ": exists; remove it or allow --overwrite"));
      auto const m = open_model(o->model);
      auto net = make_net<float>(m, o->model);
      stop_if_interrupted();
      edvr::tensor_map weights;
      edvr::nn::for_each_parameter(net, [&](std::string const& key, auto const& w) { weights.emplace(key, edvr::any_tensor(w)); });
      edvr::write_tensors(o->output, weights, {{"format", "pt"}, {"dialect", "basicsr"}});
      std::cout << printable(o->output) << ": " << weights.size() << " tensors, " << edvr::nn::parameter_count(net) << " parameters\n";
      return 0;
    };
  });
}

}  // namespace program
