// SPDX-License-Identifier: Apache-2.0
// The processor's multiply-add rate, for benchmarks to compare with; included
// once per instruction set inside its namespace and target region (isa.hpp).

/// operand_kernels::multiply_adds: n rounds of 2 rows independent multiply-adds
/// of one vector each. Where pairs of 16 bits are emulated, float's.
template <class T>
float multiply_add_rounds(index_t n) {
  vec s[2 * rows];
  EDVR_UNROLL
  for (int i = 0; i < 2 * rows; ++i) s[i] = vec{} + static_cast<float>(i);
  vec const a = vec{} + 0.999f, b = vec{} + 0.001f;
  for (index_t k = 0; k < n; ++k) {
    EDVR_UNROLL
    for (int i = 0; i < 2 * rows; ++i)
      if constexpr (native_bfloat16 && std::is_same_v<T, bfloat16>)
        multiply_add<T>(s[i], reinterpret_cast<ivec const&>(b), reinterpret_cast<ivec const&>(b));
      else
        s[i] = s[i] * a + b;
  }
  vec sum{};
  EDVR_UNROLL
  for (int i = 0; i < 2 * rows; ++i) sum += s[i];
  return sum[0];
}
