// SPDX-License-Identifier: Apache-2.0
// Vectors of floats and what the kernels do with elements of 32 and of 16 bits, included once per instruction set inside its namespace and
// target region (isa.hpp). Uses `width`, the floats of a vector, and `native_bfloat16`, whether the processor multiplies pairs of 16 bits.

typedef float vec __attribute__((vector_size(width * 4), aligned(4), may_alias));
typedef int ivec __attribute__((vector_size(width * 4), aligned(2), may_alias));
EDVR_HD vec& as_vec(float* p) { return *reinterpret_cast<vec*>(p); }
EDVR_HD vec const& as_vec(float const* p) { return *reinterpret_cast<vec const*>(p); }

/// Elements as floats, a vector V of them, and back. Their own types, because a deduced V has lost its attributes and would claim an alignment.
template <class V>
EDVR_HD void load(V& v, float const* p) {
  typedef float loose __attribute__((vector_size(sizeof(V)), aligned(4), may_alias));
  v = *reinterpret_cast<loose const*>(p);
}
template <class V>
EDVR_HD void load(V& v, bfloat16 const* p) {
  move_pack<sizeof(V) / 4>(reinterpret_cast<float*>(&v), p);
}
template <class V>
EDVR_HD void put(float* p, V const& v) {
  typedef float loose __attribute__((vector_size(sizeof(V)), aligned(4), may_alias));
  *reinterpret_cast<loose*>(p) = v;
}
template <class V>
EDVR_HD void put(bfloat16* p, V const& v) {
#ifdef __x86_64__
  if constexpr (native_bfloat16 && sizeof(V) >= 32) {
    typedef std::uint16_t half __attribute__((vector_size(sizeof(V) / 2), aligned(2), may_alias));
    half h;
    __asm__("vcvtneps2bf16 %1, %0" : "=v"(h) : "v"(v));
    *reinterpret_cast<half*>(p) = h;
  } else
#endif
    move_pack<sizeof(V) / 4>(p, reinterpret_cast<float const*>(&v));
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
