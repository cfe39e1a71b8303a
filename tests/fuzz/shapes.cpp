// SPDX-License-Identifier: Apache-2.0
// Views of a small tensor by any numbers: refused, or every element of the result is one of the tensor's.
#include <cstring>

#include "edvr/ops/conv2d.hpp"
#include "edvr/ops/deform_conv2d.hpp"
#include "edvr/ops/gather.hpp"
#include "edvr/ops/matmul.hpp"
#include "edvr/ops/pad.hpp"
#include "edvr/ops/pixel_shuffle.hpp"
#include "edvr/ops/pool2d.hpp"
#include "edvr/ops/resize_bilinear.hpp"
#include "targets.hpp"

using namespace edvr;

namespace {
/// Numbers from the input: small ones mostly, any 64 bits sometimes, 0 when it is used up.
struct numbers {
  fuzz::bytes b;
  std::size_t at = 0;
  index_t next() {
    if (at >= b.size()) return 0;
    auto const kind = static_cast<unsigned>(b[at++]);
    if (kind < 240) return static_cast<index_t>(kind % 16) - 3;
    index_t v = 0;
    std::size_t const n = std::min<std::size_t>(8, b.size() - at);
    std::memcpy(&v, b.data() + at, n);
    at += n;
    return v;
  }
  int small() { return static_cast<int>(next() & 7); }
  pair two() { return {next(), next()}; }
};
template <class X>
void read_all(X x) {
  constexpr index_t most = 100'000;
  if (checked_volume("result", x.shape(), sizeof(double)) > most) return;
  auto const y = contiguous(eval(std::move(x)));
  double sum = 0;
  for (index_t i = 0; i < y.size(); ++i) sum += static_cast<double>(y.data()[i]);
  if (!(sum >= 0)) __builtin_trap();  // all elements are at least 0: anything else came from elsewhere
}
}  // namespace

void fuzz::shapes(bytes b) {
  numbers n{b};
  auto const x = full<float>({2, 4, 3, 5}, 0.5f);
  auto const any = [&] { return coord<4>{{n.next(), n.next(), n.next(), n.next()}}; };
  for (int round = 0; round < 4 && n.at < b.size(); ++round)
    answered([&] {
      switch (n.small()) {
        case 0: return read_all(slice(x, n.small(), n.next(), n.next(), n.next()));
        case 1: {
          auto const r = [&] { return range{n.next(), n.next(), n.next()}; };
          return read_all(slice(x, {r(), r(), r(), r()}));
        }
        case 2: return read_all(reshape(x, any()));
        case 3: return read_all(broadcast_to(slice(x, n.small() & 3, 0, 1), any()));
        case 4: {
          auto const before = any(), after = any();
          auto const p = pad(x, before, after,
                             n.small() & 1   ? pad_mode::reflect
                             : n.small() & 1 ? pad_mode::replicate
                                             : pad_mode::constant);
          return read_all(p);
        }
        case 5: {
          conv2d_params const p{.stride = n.two(), .padding = n.two(), .dilation = n.two(), .groups = n.small()};
          auto const w = full<float>({4, std::max<index_t>(n.small(), 0), n.small(), n.small()}, 0.25f);
          auto const y = conv2d(x, w, p);
          if (checked_volume("result", y.shape(), sizeof(double)) < 10'000) read_all(conv2d(x, w, p));
          return;
        }
        case 6: return n.small() & 1 ? read_all(pixel_shuffle(x, n.next())) : read_all(pixel_unshuffle(x, n.next()));
        default: {
          auto const p = pool2d_params{n.two(), n.two(), n.two()};
          auto const y = max_pool2d(x, p);
          if (index_t const cells = checked_volume("result", y.shape(), sizeof(double));
              cells < 10'000 && p.kernel.y < 100 && p.kernel.x < 100 && cells * p.kernel.y * p.kernel.x < 1'000'000)
            (void)eval(max_pool2d(x, p));
          index_t const h = n.next(), w = n.next();
          if (h < 1000 && w < 1000) read_all(resize_bilinear(x, h, w));
          read_all(select(x, n.small(), n.next()));
          return;
        }
      }
    });
}
