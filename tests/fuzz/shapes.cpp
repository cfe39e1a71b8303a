// SPDX-License-Identifier: Apache-2.0
// Views and windows of a small tensor by any numbers: refused, or every element of the result is one of the tensor's, or between them.
#include <cmath>
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
/// The tensor's elements are 1 to 120, so memory that is not its own shows.
constexpr double largest = 120;
enum class elements { its_own, or_between };  // or_between: 0 to sums of some thousand products
template <class X>
void read_all(X x, elements are) {
  constexpr index_t most = 100'000;
  if (checked_volume("result", x.shape(), sizeof(double)) > most) return;
  auto const y = contiguous(eval(std::move(x)));
  for (index_t i = 0; i < y.size(); ++i) {
    auto const v = static_cast<double>(y.data()[i]);
    bool const right = are == elements::its_own ? v >= 0 && v <= largest && v == std::floor(v) : v >= 0 && v < 1e9;
    if (!right) __builtin_trap();
  }
}
}  // namespace

void fuzz::shapes(bytes b) {
  numbers n{b};
  auto const x = reshape(arange<float>(1, 121), {2, 4, 3, 5});
  auto const any = [&] { return coord<4>{{n.next(), n.next(), n.next(), n.next()}}; };
  for (int round = 0; round < 4 && n.at < b.size(); ++round)
    answered([&] {
      index_t const kind = n.next();
      switch (kind >= 8 && kind <= 10 ? kind : kind & 7) {
        case 0: {
          int const axis = n.small();
          index_t const first = n.next(), last = n.next(), step = n.next();
          return read_all(slice(x, axis, first, last, step), elements::its_own);
        }
        case 1: {
          auto const r = [&] { return range{n.next(), n.next(), n.next()}; };
          return read_all(slice(x, {r(), r(), r(), r()}), elements::its_own);
        }
        case 2: return read_all(reshape(x, any()), elements::its_own);
        case 3: return read_all(broadcast_to(slice(x, n.small() & 3, 0, 1), any()), elements::its_own);
        case 4: {
          auto const before = any(), after = any();
          auto const p = pad(x, before, after,
                             n.small() & 1   ? pad_mode::reflect
                             : n.small() & 1 ? pad_mode::replicate
                                             : pad_mode::constant);
          return read_all(p, elements::its_own);
        }
        case 5: {
          conv2d_params const p{.stride = n.two(), .padding = n.two(), .dilation = n.two(), .groups = n.small()};
          auto const w = full<float>({4, std::max<index_t>(n.small(), 0), n.small(), n.small()}, 0.25f);
          auto const y = conv2d(x, w, p);
          if (checked_volume("result", y.shape(), sizeof(double)) < 10'000) read_all(conv2d(x, w, p), elements::or_between);
          return;
        }
        case 6:
          return n.small() & 1 ? read_all(pixel_shuffle(x, n.next()), elements::its_own)
                               : read_all(pixel_unshuffle(x, n.next()), elements::its_own);
        case 8: {
          conv2d_params const p{.stride = n.two(), .padding = n.two(), .dilation = n.two(), .groups = n.small()};
          auto const w = full<float>({4, std::max<index_t>(n.small(), 0), n.small(), n.small()}, 0.25f);
          auto const s = any();
          if (checked_volume("offset", s, sizeof(double)) > 10'000) return;
          auto const offset = empty<float>(s);
          for (index_t i = 0; i < offset.size(); ++i) offset.data()[i] = static_cast<float>(n.next()) / 2;
          return read_all(deform_conv2d(x, offset, w, {}, p), elements::or_between);
        }
        case 9: {
          int const axis = n.small();
          auto const s = any();
          if (checked_volume("index", s, sizeof(double)) > 10'000) return;
          auto const index = empty<std::int64_t>(s);
          for (index_t i = 0; i < index.size(); ++i) index.data()[i] = n.next();
          return read_all(gather(x, axis, index), elements::its_own);
        }
        case 10: return read_all(matmul(reshape(x, any()), reshape(x, any())), elements::or_between);
        default: {
          auto const p = pool2d_params{n.two(), n.two(), n.two()};
          auto const y = max_pool2d(x, p);
          if (index_t const cells = checked_volume("result", y.shape(), sizeof(double));
              cells < 10'000 && p.kernel_size.y < 100 && p.kernel_size.x < 100 && cells * p.kernel_size.y * p.kernel_size.x < 1'000'000)
            read_all(max_pool2d(x, p), elements::its_own);
          index_t const h = n.next(), w = n.next();
          if (h < 1000 && w < 1000) read_all(resize_bilinear(x, h, w), elements::or_between);
          int const axis = n.small();
          return read_all(select(x, axis, n.next()), elements::its_own);
        }
      }
    });
}
