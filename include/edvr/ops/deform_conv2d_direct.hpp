// SPDX-License-Identifier: Apache-2.0
// deform_conv2d with its samples taken straight into the panel that the product reads: no column ever leaves the cache.
#pragma once
#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "edvr/ops/conv2d_direct.hpp"

#if EDVR_VECTOR_KERNELS
namespace edvr::inline v1::detail {

/// Can an int count the elements of a picture, so that vectors of addresses are half as wide?
template <class T>
bool int_addresses(view<T, 4, cpu> const& x) {
  return x.step[3] >= 0 && x.extent[2] * x.extent[3] * x.step[3] < std::numeric_limits<int>::max();
}

/// x with its channels side by side and no gaps between rows; offsets and masks read through their sources, a panel at a time, so that an
/// activation around the mask is applied on the way. Scratch: one panel of columns, offsets, masks and results a worker, and of one group's
/// columns if there are several.
template <class W, class Ex, class T = factor_t<W>>
void deform_conv2d_direct(view<factor_t<W> const, 4, cpu> const& x, source<float> const& offset, source<float> const& mask,
                          sink<float> const& out, coord<4> const& y_shape, tensor<W, 4> const& weight, packed_weights<W>* kept,
                          float const* bias, conv2d_params const& p, index_t deformable_groups, Ex const& ex) {
  auto const isa = resolve(ex.isa);
  auto const& kernel = kernels(isa);
  index_t const s = weight.extent(3), taps = weight.extent(2) * s, channels = x.extent[1], c = weight.extent(1), k = y_shape[1] / p.groups,
                pixels = y_shape[0] * y_shape[2] * y_shape[3];
  index_t const samples = deformable_groups * taps, padded_samples = round_up(samples, widest);
  direct_product<T> const product(kernel, taps * c, k);
  if (pixels == 0 || k == 0) return;

  auto const weights =
      packed(kept, algorithm::direct, isa, p.groups, 1, weight, [&] { return direct_weights(weight, p.groups, kernel, {y_shape[1]}); });
  std::vector<float> base(static_cast<std::size_t>(2 * padded_samples));
  std::vector<T> const none(static_cast<std::size_t>(channels), T(0));
  std::vector<int> first_channel(static_cast<std::size_t>(padded_samples)), target(static_cast<std::size_t>(padded_samples));
  for (index_t t = 0; t < samples; ++t) {
    first_channel[static_cast<std::size_t>(t)] = static_cast<int>(t / taps * (channels / deformable_groups));
    target[static_cast<std::size_t>(t)] = static_cast<int>(t % taps * channels + t / taps * (channels / deformable_groups));
    base[static_cast<std::size_t>(t)] = static_cast<float>(t % taps / s * p.dilation.y);
    base[static_cast<std::size_t>(padded_samples + t)] = static_cast<float>(t % taps % s * p.dilation.x);
  }
  deform_job<T> job{};
  job.x = x.data, job.height = x.extent[2], job.width = x.extent[3];
  job.picture = x.step[0], job.pixel = x.step[3];
  job.shared = channels / deformable_groups, job.samples = samples, job.padded_samples = padded_samples;
  job.columns_row = p.groups == 1 ? product.row() : taps * channels, job.step = static_cast<float>(p.stride.x), job.base = base.data();
  job.first = first_channel.data(), job.target = target.data(), job.zeros = none.data();
  job.int_addresses = int_addresses(x);

  index_t const panel = product.panel(), row = product.row(), tasks = (pixels + panel - 1) / panel;
  index_t const sampled = p.groups == 1 ? 0 : panel * job.columns_row, in_columns = panel * row + sampled,
                in_floats = panel * (product.result_row() + 3 * padded_samples);
  index_t const workers = std::min<index_t>(ex.workers(), tasks);
  scratch<T> const all_columns(workers * in_columns);
  scratch<float> const all_floats(workers * in_floats);
  auto const biases = direct_biases(bias, p.groups, product);

  ex.parallel(tasks, [&](index_t task, int worker) {
    flush_denormals const here;
    T *const columns = all_columns.data() + worker * in_columns, *const samples_of_all = p.groups == 1 ? columns : columns + panel * row;
    float *const result = all_floats.data() + worker * in_floats, *const offsets = result + panel * product.result_row(),
                 *const masks = offsets + panel * 2 * padded_samples;
    index_t const first = task * panel, last = std::min(pixels, first + panel), padded = round_up(last - first, most_rows);
    if (row > product.terms || padded > last - first) std::fill_n(columns, padded * row, T(0));
    if (padded_samples > samples) std::fill_n(offsets, panel * 3 * padded_samples, 0.f);
    for_each_run(first, last, y_shape, [&](index_t n, index_t h, index_t w, index_t count, index_t before) {
      offset({{n, 0, h, w}}, 2 * samples, 1, count, 1, offsets, 0, 2 * padded_samples);
      mask({{n, 0, h, w}}, samples, 1, count, 1, masks, 0, padded_samples);
      kernel.template of<T>().deform(job, n, static_cast<float>(h * p.stride.y - p.padding.y),
                                     static_cast<float>(w * p.stride.x - p.padding.x), count, offsets, masks,
                                     samples_of_all + before * job.columns_row);
    });
    for (index_t g = 0; g < p.groups; ++g) {
      if (p.groups > 1)  // this group's channels of every tap
        for (index_t i = 0; i < last - first; ++i)
          for (index_t t = 0; t < taps; ++t)
            std::copy_n(samples_of_all + i * job.columns_row + t * channels + g * c, c, columns + i * row + t * c);
      product(padded, columns, weights->data() + g * product.weights(), biases.data() + g * product.result_row(), result);
      write_results(out, first, last, y_shape, g, k, result, product.result_row());
    }
  });
}

}  // namespace edvr::inline v1::detail
#endif
