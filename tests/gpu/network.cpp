// SPDX-License-Identifier: Apache-2.0
#include "gpu.hpp"
using namespace edvr;

namespace {
/// A network with everything that EDVR may have, small.
edvr_config small(bool tsa, bool predeblur, bool hr_in) {
  edvr_config c;
  c.num_feat = 8, c.num_frame = 3, c.deformable_groups = 2, c.num_extract_block = 1, c.num_reconstruct_block = 1;
  c.with_tsa = tsa, c.with_predeblur = predeblur, c.hr_in = hr_in;
  return c;
}
}  // namespace

TEST_CASE_TEMPLATE("gpu: EDVR gives what it gives on the CPU", T, float, double) {
  for (int kind = 0; kind < 3; ++kind) {
    auto const config = small(kind != 1, kind == 1, kind == 2);
    CAPTURE(kind);
    nn::edvr_net<T> net(config);
    init_random(net, 1);
    index_t const m = config.size_multiple();
    auto const x = uniform<T>({1, 3, 3, 2 * m, m}, 2);
    auto const there = to<gpu>(net);
    CHECK_CLOSE(to<cpu>(there(to<gpu>(x))), net(x), 2000);
  }
}
