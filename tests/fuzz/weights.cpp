// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <vector>

#include "edvr/model/checkpoint.hpp"
#include "targets.hpp"

using namespace edvr;

void fuzz::checkpoint(bytes b) {
  answered([&] {
    auto const c = parse_checkpoint("f", file_of(b), "params_ema");
    for (auto const& [name, t] : c.weights) t.for_each([](auto) {});
    bool loaded = false;
    answered([&] { (void)make_edvr<float>(c), loaded = true; });
    if (!loaded) answered([&] { (void)make_edvr<float>(c, -1, true); });
    if (!c.wrapper.empty()) answered([&] { (void)parse_checkpoint("f", file_of(b), "params"); });
  });
  answered([&] {  // every tensor, whatever the file calls itself and wherever it keeps them
    auto const file = parse_pth("f", file_of(b));
    std::set<pth_file::value const*> seen;
    std::vector<pth_file::value const*> left{&file.root()};
    while (!left.empty()) {
      auto const* const v = left.back();
      left.pop_back();
      if (!seen.insert(v).second) continue;
      answered([&] { file.tensor_of("x", *v).for_each([](auto) {}); });
      left.insert(left.end(), v->items.begin(), v->items.end());
    }
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
        if (e.deflated && e.size < (1u << 24))
          answered([&] { (void)edvr::detail::unpack_deflate("f", b.subspan(e.begin, e.packed), e.size); });
      }
    });
}
