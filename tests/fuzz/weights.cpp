// SPDX-License-Identifier: Apache-2.0
#include "edvr/model/checkpoint.hpp"
#include "targets.hpp"

using namespace edvr;

void fuzz::checkpoint(bytes b) {
  answered([&] {
    auto const c = parse_checkpoint("f", file_of(b), "params_ema");
    for (auto const& [name, t] : c.weights) t.for_each([](auto) {});
    answered([&] {
      nn::edvr_net<float> net(infer_config(c));
      load(net, c, true);
    });
  });
  answered([&] {  // every tensor, whatever the file calls itself
    auto const file = parse_pth("f", file_of(b));
    for (auto const& item : file.root().items) answered([&] { file.tensor_of("x", *item).for_each([](auto) {}); });
  });
}
void fuzz::pickle(bytes b) {
  answered([&] {
    edvr::detail::byte_reader const in("f", b);
    edvr::detail::pickle::document doc;
    edvr::detail::pickle::machine machine(in, doc);
    for (std::size_t at = 0; at < in.size();) machine.run(at);
  });
}
void fuzz::zip(bytes b) {
  for (bool deflated : {false, true})
    answered([&] {
      for (auto const& entry : edvr::detail::read_zip_directory("f", b, deflated)) {
        auto const& e = entry.second;
        answered([&] { edvr::detail::check_crc("f", entry.first, e, b); });
        if (e.deflated && e.size < (1u << 24)) answered([&] { (void)edvr::detail::unpack_deflate("f", b.subspan(e.begin, e.packed), e.size); });
      }
    });
}
