// SPDX-License-Identifier: Apache-2.0
// The only header that defines macros and keeps them; io/image.hpp takes back the switches that it sets for stb.
#pragma once
#include "edvr/core/platform.hpp"

#define EDVR_VERSION_MAJOR 0
#define EDVR_VERSION_MINOR 1
#define EDVR_VERSION_PATCH 0

// Is this compiled for a sanitizer that must see every use of memory?
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EDVR_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define EDVR_SANITIZED 1
#endif
#endif
#ifndef EDVR_SANITIZED
#define EDVR_SANITIZED 0
#endif

// Which compiler reads this: what its two kinds compile differently under one name would be merged by the linker, so it sits in a namespace
// of this name. (In code for a CUDA compiler the CPU's kernels are plain loops.)
#if defined(__CUDACC__)
#define EDVR_UNIT cuda_unit
#else
#define EDVR_UNIT host_unit
#endif

// On every function a kernel calls: no call may be left inside an inner loop, on either processor. Where nobody waits for the result (no
// optimisation, a sanitizer) forcing it would only cost compile time.
#if defined(__CUDACC__)
#define EDVR_HD __host__ __device__ __forceinline__
#elif defined(__GNUC__) && defined(__OPTIMIZE__) && !EDVR_SANITIZED
#define EDVR_HD inline __attribute__((always_inline))
#else
#define EDVR_HD inline
#endif

// Before a loop over the lanes of a pack: one iteration a lane, left to the vectoriser. GCC's unroller would hide the loop from it at -O3.
#if defined(__clang__)
#define EDVR_LANES _Pragma("clang loop interleave_count(1) unroll(disable)")
#elif defined(__GNUC__) && !defined(__CUDACC__)
#define EDVR_LANES _Pragma("GCC unroll 1")
#else
#define EDVR_LANES
#endif

// Before a loop over registers: unrolled completely, or its arrays would live in memory.
#if defined(__clang__)
#define EDVR_UNROLL _Pragma("unroll")
#elif defined(__GNUC__) && !defined(__CUDACC__)
#define EDVR_UNROLL _Pragma("GCC unroll 36")
#else
#define EDVR_UNROLL
#endif

// The vector kernels are written in GNU vector extensions; a CUDA compiler gets the plain loops and the im2col algorithms.
#if defined(__GNUC__) && !defined(__CUDACC__)
#define EDVR_VECTOR_KERNELS 1
#else
#define EDVR_VECTOR_KERNELS 0
#endif
