// SPDX-License-Identifier: Apache-2.0
// From features to pixels in bands of rows, so that the wide maps at full resolution are never in memory.
#pragma once
#include <algorithm>
#include <utility>

#include "edvr/model/lrelu.hpp"
#include "edvr/model/observer.hpp"
#include "edvr/nn/conv2d.hpp"
#include "edvr/ops/pixel_shuffle.hpp"

namespace edvr::inline v1::nn {

/// The rows of a map that are wanted now, of a map that is never whole; rows above the first and below the last are zeros. Rows are added
/// at the bottom and forgotten at the top.
template <class T, class S = cpu>
class row_band {
 public:
  /// Of a map of `shape` (n, c, h, w), at most `rows` at once and one more on either side.
  template <class Ex>
  row_band(coord<4> const& shape, index_t rows, Ex const& ex) : height_(shape[2]) {
    coord<4> const s{{shape[0], shape[1], std::min(rows, shape[2]) + 2, shape[3]}};
    rows_ = empty<T, S>(s, channels_last(s));
    assign(slice(rows_, 2, 0, 1), constant_like(arithmetic_t<T>(0), slice(rows_, 2, 0, 1)), ex);
  }
  index_t ready() const { return ready_; }
  /// Makes room for rows ready() .. last - 1 and returns them, to be written; rows before `keep` - 1 are forgotten.
  template <class Ex>
  tensor<T, 4, S> add(index_t last, index_t keep, Ex const& ex) {
    index_t const forget = std::max<index_t>(0, keep - 1 - first_), kept = ready_ - first_ - forget;
    if (forget > 0) {
      for (index_t b = 0; b < rows_.extent(0); ++b)
        for (index_t i = 0; i < kept; i += forget) {  // downwards, in pieces that do not overlap
          auto const rows = slice(rows_, 0, b, b + 1);
          index_t const end = std::min(kept, i + forget);
          assign(slice(rows, 2, i, end), slice(rows, 2, i + forget, end + forget), ex);
        }
      first_ += forget;
    }
    index_t const from = std::exchange(ready_, last);
    if (last == height_)
      assign(slice(rows_, 2, last - first_, last - first_ + 1), constant_like(arithmetic_t<T>(0), slice(rows_, 2, 0, 1)), ex);
    return slice(rows_, 2, from - first_, last - first_);
  }
  /// Rows from - 1 .. to, which exist: what a 3x3 convolution without vertical padding reads for its rows from .. to - 1.
  tensor<T, 4, S> around(index_t from, index_t to) const { return slice(rows_, 2, from - 1 - first_, to + 1 - first_); }

 private:
  tensor<T, 4, S> rows_;
  index_t height_, first_ = -1, ready_ = 0;  // map rows first_ .. ready_ - 1 are here, row -1 among them
};

/// Rows of each of upsampling's maps that are in memory while it makes `band` rows of the result: what the next map reads, to whole tiles.
struct upsampling_rows {
  index_t features, upconv1, upconv2, conv_hr;
  explicit upsampling_rows(index_t band) : features(band / 4 + 16), upconv1(band / 2 + 24), upconv2(band + 32), conv_hr(band + 16) {}
};

/// EDVR's last stage: features (n, c, h, w), enlarged twice by pixel shuffles, to colours that are added to a picture four times as large.
/// The 64 channels of the wide maps do not depend on the model.
template <class T, class S = cpu>
struct upsampling {
  conv2d<T, S> upconv1, upconv2, conv_hr, conv_last;

  upsampling() = default;
  explicit upsampling(index_t c) : upconv1(c, 4 * c, 3), upconv2(c, 256, 3), conv_hr(64, 64, 3), conv_last(64, 3, 3) {}

  /// y (n, 3, 4 h, 4 w) += the colours. band: rows of y worked on at once; the result does not depend on it (of double, and on a GPU:
  /// within rounding). step(done), done in [0, 1], is told after every band.
  template <class Ex, class Step>
  void operator()(tensor<T, 4, S> const& features, tensor<arithmetic_t<T>, 4, S> const& y, index_t band, Ex const& ex,
                  Step const& step) const {
    auto const s = features.shape();
    index_t const n = s[0], c = s[1], h = s[2], w = s[3], height = 4 * h;
    band = std::clamp<index_t>(band, 1, height);
    // A map runs ahead of the next one by a row, and ends on a multiple of four rows: where the tiles of a whole map would.
    upsampling_rows const room(band);
    row_band<T, S> a({{n, c, h, w}}, room.features, ex), b({{n, c, 2 * h, 2 * w}}, room.upconv1, ex),
        d({{n, 64, height, 4 * w}}, room.upconv2, ex), e({{n, 64, height, 4 * w}}, room.conv_hr, ex);
    for (index_t from = 0, to; from < height; from = to) {
      to = std::min(height, from + band);
      index_t const e_end = whole_tiles(to + 1, height), d_end = 2 * whole_tiles((e_end + 2) / 2, 2 * h),
                    b_end = 2 * whole_tiles((d_end / 2 + 2) / 2, h), a_end = std::min(h, b_end / 2 + 1);
      add(a, a_end, b.ready() / 2, ex,
          [&](tensor<T, 4, S> const& rows, index_t first, index_t last) { assign(rows, slice(features, 2, first, last), ex); });
      add(b, b_end, d.ready() / 2, ex, [&](auto const& rows, index_t first, index_t last) {
        assign(rows, pixel_shuffle(lrelu(rows_of(upconv1, a.around(first / 2, last / 2))), 2), ex);
      });
      add(d, d_end, e.ready(), ex, [&](auto const& rows, index_t first, index_t last) {
        assign(rows, pixel_shuffle(lrelu(rows_of(upconv2, b.around(first / 2, last / 2))), 2), ex);
      });
      add(e, e_end, from, ex,
          [&](auto const& rows, index_t first, index_t last) { assign(rows, lrelu(rows_of(conv_hr, d.around(first, last))), ex); });
      auto const out = slice(y, 2, from, to);
      assign(out, out + rows_of(conv_last, e.around(from, to)), ex);
      step(static_cast<double>(to) / static_cast<double>(height));
    }
  }
  void parameters(auto&& visit) {
    visit("upconv1", upconv1);
    visit("upconv2", upconv2);
    visit("conv_hr", conv_hr);
    visit("conv_last", conv_last);
  }

 private:
  static index_t whole_tiles(index_t rows, index_t height) { return std::min(height, (rows + 3) / 4 * 4); }
  static auto rows_of(conv2d<T, S> const& conv, tensor<T, 4, S> const& rows) {
    auto without_vertical_padding = conv;
    without_vertical_padding.p.padding = {0, 1};
    return without_vertical_padding(rows);
  }
  template <class Ex, class F>
  static void add(row_band<T, S>& map, index_t end, index_t keep, Ex const& ex, F const& compute) {
    index_t const first = map.ready();
    if (end > first) compute(map.add(end, keep, ex), first, end);
  }
};

}  // namespace edvr::inline v1::nn
