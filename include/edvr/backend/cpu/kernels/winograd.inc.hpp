// SPDX-License-Identifier: Apache-2.0
// The transforms of Winograd's F(4x4, 3x3), included once per instruction set inside its namespace and target region (isa.hpp).
// Interpolation points 0, +-a, +-b, infinity: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", section 4.3, with points
// of its own (winograd_points in isa.hpp).

EDVR_HD void winograd_rows_in(vec const* d, int s, vec* t, int q) {  // t = B^T d
  constexpr float a = winograd_points::a, b = winograd_points::b, aa = a * a, bb = b * b;
  vec const d0 = d[0], d1 = d[s], d2 = d[2 * s], d3 = d[3 * s], d4 = d[4 * s], d5 = d[5 * s];
  t[0] = aa * bb * d0 - (aa + bb) * d2 + d4;
  vec const u = d4 - bb * d2, v = a * (d3 - bb * d1), x = d4 - aa * d2, y = b * (d3 - aa * d1);
  t[q] = u + v;
  t[2 * q] = u - v;
  t[3 * q] = x + y;
  t[4 * q] = x - y;
  t[5 * q] = aa * bb * d1 - (aa + bb) * d3 + d5;
}
EDVR_HD void winograd_rows_out(vec const* m, int s, vec* t, int q) {  // t = A^T m
  constexpr float a = winograd_points::a, b = winograd_points::b, aa = a * a, bb = b * b;
  vec const p = m[s] + m[2 * s], o = m[s] - m[2 * s], r = m[3 * s] + m[4 * s], l = m[3 * s] - m[4 * s];
  t[0] = m[0] + p + r;
  t[q] = a * o + b * l;
  t[2 * q] = aa * p + bb * r;
  t[3 * q] = aa * a * o + bb * b * l + m[5 * s];
}

/// One vector of channels. Not inlined into the loop over channels, which would turn its 72 addresses into invariants and spill them.
template <class T>
__attribute__((noinline)) void winograd_input_vector(T const* from, index_t row, index_t pixel, T* to, index_t step) {
  vec e[36];
  EDVR_UNROLL
  for (int j = 0; j < 6; ++j, from += pixel) {
    vec d[6];
    T const* p = from;
    EDVR_UNROLL
    for (int i = 0; i < 6; ++i, p += row) {
      load<width>(d[i], p);
      if (j > 1) __builtin_prefetch(p + 4 * pixel);  // of the next tile
    }
    winograd_rows_in(d, 1, e + j, 6);
  }
  EDVR_UNROLL
  for (int i = 0; i < 6; ++i) {
    vec f[6];
    winograd_rows_in(e + 6 * i, 1, f, 1);
    EDVR_UNROLL
    for (int j = 0; j < 6; ++j, to += step) put<width>(to, f[j]);
  }
}
/// operand_kernels::winograd_input.
template <class T>
void winograd_input(T const* from, index_t row, index_t pixel, index_t channels, T* to, index_t step) {
  for (index_t c = 0; c < channels; c += width) winograd_input_vector(from + c, row, pixel, to + c, step);
}
__attribute__((noinline)) inline void winograd_output_vector(float const* from, index_t step, float const* bias, float* to, index_t pixel) {
  vec e[24];
  EDVR_UNROLL
  for (int j = 0; j < 6; ++j, from += step) {
    vec d[6];
    float const* p = from;
    EDVR_UNROLL
    for (int i = 0; i < 6; ++i, p += 6 * step) d[i] = as_vec(p);
    winograd_rows_out(d, 1, e + j, 6);
  }
  vec const b = as_vec(bias);
  EDVR_UNROLL
  for (int i = 0; i < 4; ++i) {
    vec o[4];
    winograd_rows_out(e + 6 * i, 1, o, 1);
    EDVR_UNROLL
    for (int j = 0; j < 4; ++j, to += pixel) as_vec(to) = o[j] + b;
  }
}
/// kernel_set::winograd_output.
inline void winograd_output(float const* from, index_t step, index_t channels, float const* bias, float* to) {
  for (index_t c = 0; c < channels; c += width) winograd_output_vector(from + c, step, bias + c, to + c, channels);
}
