// SPDX-License-Identifier: Apache-2.0
// Bilinear sampling for deform_conv2d, included once per instruction set inside its namespace and target region (isa.hpp). Positions and
// weights of `width` samples are computed together; then each sample blends its runs of channels.

template <int... Lane>
EDVR_HD void split_pairs(float const* from, vec& even, vec& odd, std::integer_sequence<int, Lane...>) {
  vec const a = as_vec(from), b = as_vec(from + width);
  even = __builtin_shufflevector(a, b, (2 * Lane)...);
  odd = __builtin_shufflevector(a, b, (2 * Lane + 1)...);
}
EDVR_HD ivec floor_of(vec const& v) {
  ivec const i = __builtin_convertvector(v, ivec);
  return i + (__builtin_convertvector(i, vec) > v);  // a true comparison is -1
}

/// `width` samples: the weights of their four corners (mask included), the first
/// corner and where its channels begin, and whether some of the corners count.
struct samples {
  alignas(64) float weight[4][width];
  alignas(64) int y[width], x[width], at[width], some[width];
};
EDVR_HD bool all_true(ivec const& v) {
  typedef long long words __attribute__((vector_size(width * 4), aligned(4), may_alias));
  words const w = reinterpret_cast<words const&>(v);
  long long all = -1;
  EDVR_UNROLL
  for (int i = 0; i < width / 2; ++i) all &= w[i];
  return all == -1;
}
/// True if all corners of all samples count. Then only s.weight and s.at are looked at.
template <class T>
EDVR_HD bool place_samples(deform_job<T> const& job, float h, float w, index_t t, float const* offsets, float const* masks, samples& s) {
  vec dy, dx;
  split_pairs(offsets, dy, dx, std::make_integer_sequence<int, width>{});
  vec const py = as_vec(job.base + t) + h + dy, px = as_vec(job.base + job.padded_samples + t) + w + dx, mask = as_vec(masks);
  auto const height = static_cast<float>(job.height), wide = static_cast<float>(job.width);
  ivec const inside = (py > -1.f) & (py < height) & (px > -1.f) & (px < wide);  // NaN is outside
  ivec const y_bits = inside & reinterpret_cast<ivec const&>(py), x_bits = inside & reinterpret_cast<ivec const&>(px);
  vec const y = reinterpret_cast<vec const&>(y_bits), x = reinterpret_cast<vec const&>(x_bits);
  ivec const y0 = floor_of(y), x0 = floor_of(x);
  vec const ly = y - __builtin_convertvector(y0, vec), lx = x - __builtin_convertvector(x0, vec);
  as_vec(s.weight[0]) = (1 - ly) * (1 - lx) * mask;
  as_vec(s.weight[1]) = (1 - ly) * lx * mask;
  as_vec(s.weight[2]) = ly * (1 - lx) * mask;
  as_vec(s.weight[3]) = ly * lx * mask;
  reinterpret_cast<ivec&>(s.y) = y0;
  reinterpret_cast<ivec&>(s.x) = x0;
  reinterpret_cast<ivec&>(s.some) = inside;
  auto const row = static_cast<int>(job.width * job.pixel), pixel = static_cast<int>(job.pixel);
  reinterpret_cast<ivec&>(s.at) = y0 * row + x0 * pixel + *reinterpret_cast<ivec const*>(job.first + t);
  return job.int_addresses &&
         all_true(inside & (y0 >= 0) & (y0 < static_cast<int>(job.height - 1)) & (x0 >= 0) & (x0 < static_cast<int>(job.width - 1)));
}

/// One sample of `channels` channels, V at a time.
template <int V, bool Once, class T>
EDVR_HD void blend(T const* a, T const* b, T const* c, T const* d, samples const& s, int i, index_t channels, T* to) {
  float const wa = s.weight[0][i], wb = s.weight[1][i], wc = s.weight[2][i], wd = s.weight[3][i];
  for (index_t n = 0; Once ? n == 0 : n < channels; n += V) {
    floats<V> ra, rb, rc, rd;
    load<V>(ra, a + n), load<V>(rb, b + n), load<V>(rc, c + n), load<V>(rd, d + n);
    floats<V> const sum = wa * ra + wb * rb + wc * rc + wd * rd;
    put<V>(to + n, sum);
  }
}
template <int V, bool Once, class T>
EDVR_HD void sample_pixel(deform_job<T> const& job, T const* x, float h, float w, float const* offsets, float const* masks, T* columns) {
  samples s;
  index_t const row = job.width * job.pixel;
  for (index_t t = 0; t < job.samples; t += width) {
    int const n = static_cast<int>(job.samples - t < width ? job.samples - t : width);
    if (place_samples(job, h, w, t, offsets + 2 * t, masks + t, s))  // nearly always: no question a sample
      for (int i = 0; i < n; ++i) {
        T const* const a = x + s.at[i];
        blend<V, Once>(a, a + job.pixel, a + row, a + row + job.pixel, s, i, job.shared, columns + job.target[t + i]);
      }
    else
      for (int i = 0; i < n; ++i) {
        T* const to = columns + job.target[t + i];
        auto const corner = [&](int v, int u) {
          return v >= 0 && v < job.height && u >= 0 && u < job.width ? x + v * row + u * job.pixel + job.first[t + i] : job.zeros;
        };
        int const y = s.y[i], left = s.x[i];
        if (s.some[i])
          blend<V, Once>(corner(y, left), corner(y, left + 1), corner(y + 1, left), corner(y + 1, left + 1), s, i, job.shared, to);
        else
          for (index_t c = 0; c < job.shared; ++c) to[c] = T(masks[t + i] * 0.f);  // 0, or NaN for a NaN mask
      }
  }
}

/// operand_kernels::deform.
template <class T>
void deform_samples(deform_job<T> const& job, index_t n, float h, float w, index_t count, float const* offsets, float const* masks,
                    T* columns) {
  T const* const x = job.x + n * job.picture;
  for (index_t p = 0; p < count;
       ++p, w += job.step, offsets += 2 * job.padded_samples, masks += job.padded_samples, columns += job.columns_row) {
    if (job.shared == 16)
      sample_pixel<16, true>(job, x, h, w, offsets, masks, columns);
    else if (job.shared == 8)
      sample_pixel<8, true>(job, x, h, w, offsets, masks, columns);
    else if (job.shared % 16 == 0)
      sample_pixel<16, false>(job, x, h, w, offsets, masks, columns);
    else if (job.shared % 8 == 0)
      sample_pixel<8, false>(job, x, h, w, offsets, masks, columns);
    else if (job.shared % 4 == 0)
      sample_pixel<4, false>(job, x, h, w, offsets, masks, columns);
    else
      sample_pixel<1, false>(job, x, h, w, offsets, masks, columns);
  }
}
