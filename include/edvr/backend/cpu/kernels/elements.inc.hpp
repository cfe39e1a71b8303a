// SPDX-License-Identifier: Apache-2.0
// Vectors of floats and what the kernels do with elements of 32 and of 16 bits, included once per instruction set inside its namespace and
// target region (isa.hpp). Uses `width`, the floats of a vector, and `native_bfloat16`, whether the processor multiplies pairs of 16 bits.

typedef float vec __attribute__((vector_size(width * 4), aligned(4), may_alias));
typedef int ivec __attribute__((vector_size(width * 4), aligned(2), may_alias));
EDVR_HD vec& as_vec(float* p) { return *reinterpret_cast<vec*>(p); }
EDVR_HD vec const& as_vec(float const* p) { return *reinterpret_cast<vec const*>(p); }

/// W elements as a vector of floats, and back. The type is never deduced: a deduced vector type would have lost its attributes, and claim
/// an alignment that nothing has.
template <int W>
using floats = typename vectors<W>::f32;
template <int W>
EDVR_HD void load(floats<W>& v, float const* p) {
  v = *reinterpret_cast<floats<W> const*>(p);
}
template <int W>
EDVR_HD void load(floats<W>& v, bfloat16 const* p) {
  move_pack<W>(reinterpret_cast<float*>(&v), p);
}
template <int W>
EDVR_HD void put(float* p, floats<W> const& v) {
  *reinterpret_cast<floats<W>*>(p) = v;
}
template <int W>
EDVR_HD void put(bfloat16* p, floats<W> const& v) {
#ifdef __x86_64__
  if constexpr (native_bfloat16 && W >= 8) {
    typename vectors<W>::u16 half;
    __asm__("vcvtneps2bf16 %1, %0" : "=v"(half) : "v"(v));
    *reinterpret_cast<typename vectors<W>::u16*>(p) = half;
  } else
#endif
    move_pack<W>(p, reinterpret_cast<float const*>(&v));
}

/// What one multiply-add takes of its operands: a float of each, or two neighbours of 16 bits, held as an int.
template <class T>
struct factors {
  typedef float one;
  typedef vec many;
};
template <>
struct factors<bfloat16> {
  typedef int one __attribute__((aligned(2), may_alias));
  typedef ivec many;
};
/// s += a b, for every lane; T is what a and b hold.
template <class T>
EDVR_HD void multiply_add(vec& s, typename factors<T>::many const& a, typename factors<T>::many const& b) {
  if constexpr (std::is_same_v<T, float>) {
    s += a * b;
  } else {
#ifdef __x86_64__
    if constexpr (native_bfloat16) {
      __asm__("vdpbf16ps %2, %1, %0" : "+v"(s) : "v"(b), "v"(a));
      return;
    }
#endif
    constexpr int upper = -65536;
    ivec const a0 = a << 16, b0 = b << 16, a1 = a & upper, b1 = b & upper;
    s += reinterpret_cast<vec const&>(a0) * reinterpret_cast<vec const&>(b0);
    s += reinterpret_cast<vec const&>(a1) * reinterpret_cast<vec const&>(b1);
  }
}
/// The same with one a for all lanes.
template <class T>
EDVR_HD void multiply_add_one(vec& s, typename factors<T>::one const& a, typename factors<T>::many const& b) {
  if constexpr (std::is_same_v<T, float>)
    s += a * b;
  else
    multiply_add<T>(s, ivec{} + a, b);
}
