// SPDX-License-Identifier: Apache-2.0
#include "golden.hpp"

#include <filesystem>

#include "edvr/io.hpp"
#include "edvr/testing/cases.hpp"
using namespace edvr;

template <class T>
std::vector<golden_network<T>> golden_networks() {
  std::filesystem::path const folder = EDVR_GOLDEN;
  std::vector<golden_network<T>> found;
  for (auto const* file :
       {"net_a.io", "net_b.io", "net_c.io", "net_d.io", "net_e.io", "net_f.io", "net_a.clip7", "net_a.flipx4", "net_a.pad14x18"}) {
    auto const path = folder / (std::string(file) + ".safetensors");
    for (auto const& c : testing::golden_cases(path.string(), read_safetensors(path)))
      for (auto const& [name, output] : c.attributes.at("outputs").items()) {
        auto const weights =
            read_checkpoint(folder / c.attributes.at("weights").at(0).template get<std::string>(), output.value("key", "params"));
        auto config = infer_config(weights);
        config.center_frame_idx = c.attributes.value("center_frame_idx", index_t{-1});
        golden_network<T> g{std::string(file) + "/" + name,
                            nn::edvr_net<T>(config),
                            {},
                            {},
                            temporal_padding::replicate,
                            c.op() == "flip_ensemble",
                            pad_mode::reflect,
                            c.template get<T, 4>(name)};
        load(g.net, weights);
        if (c.op() == "clip")
          g.clip = c.template get<T, 4>("input");
        else
          g.window = c.template get<T, 5>("input");
        for (auto p : {temporal_padding::replicate, temporal_padding::reflection_circle})
          if (output.value("padding", "") == edvr::name(p)) g.padding = p;
        if (output.value("mode", "") == "replicate") g.spatial = pad_mode::replicate;
        found.push_back(std::move(g));
      }
  }
  return found;
}
template std::vector<golden_network<float>> golden_networks();
template std::vector<golden_network<double>> golden_networks();
