// SPDX-License-Identifier: Apache-2.0
// Networks stored in sixteen bits beside the golden networks, whose features and offsets are as large as trained ones. docs/numerics.md
// gives these limits.
#include <string>

#include "edvr/io.hpp"
#include "networks.hpp"
#include "support.hpp"
using namespace edvr;

namespace {
constexpr struct {
  char const *expected, *weights;
  index_t center = -1;
  char const *output = "output", *key = "params";
} goldens[] = {{"net_a.io", "net_a.raw_zip.pth"},
               {"net_b.io", "net_b.params_legacy.pth"},
               {"net_c.io", "net_c.params_and_ema_zip.pth"},
               {"net_c.io", "net_c.params_and_ema_zip.pth", -1, "output_ema", "params_ema"},
               {"net_d.io", "net_d.raw_zip.pth"},
               {"net_e.io", "net_e.old_raw_legacy.pth"},
               {"net_f.io", "net_f.weights.safetensors", 1}};

template <class T>
double largest_error() {
  double worst = 0;
  for (auto const& g : goldens) {
    std::string const folder = EDVR_GOLDEN "/";
    auto const file = read_safetensors(folder + g.expected + ".safetensors");
    auto const net = make_edvr<T>(read_checkpoint(folder + g.weights, g.key), g.center);
    auto const y = restore_window(net, file.tensors.at("input").to<float, 5>(), video_options<float>{});
    auto const error = static_cast<double>(eval(max(abs(y - file.tensors.at(g.output).to<float, 4>()))).item());
    CAPTURE(g.expected);
    CHECK(error > 1e-4);  // or nothing was stored in sixteen bits
    worst = std::max(worst, error);
  }
  return worst;
}
}  // namespace

TEST_CASE("the golden networks in float16: largest error 0.0055") { CHECK(largest_error<float16>() < 0.0055); }
TEST_CASE("the golden networks in bfloat16: largest error 0.065") { CHECK(largest_error<bfloat16>() < 0.065); }
