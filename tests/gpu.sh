#!/usr/bin/env bash
# bash tests/gpu.sh            the GPU backend's tests on everything that runs them here: Thrust's OpenMP system, nvcc's PTX translated, devices
# bash tests/gpu.sh all        also: used by another project, sanitizers, and clang with its thread sanitizer
# bash tests/gpu.sh release    only: nvcc for every architecture it knows, warnings as errors, no spills
set -eu
cd "$(dirname "$0")/.."
. tests/install.sh
common=(-S . -G Ninja -DEDVR_TESTS=OFF -DEDVR_EXAMPLES=ON -DEDVR_GPU_TESTS=ON)
nvcc=$(command -v nvcc || true)
if [ -z "$nvcc" ]; then
  edvr_install_packages libthrust-dev libcub-dev
  echo 'no nvcc here: what needs it is SKIPPED (translated PTX, devices); Thrust of the distribution runs the rest'
fi

if [ "${1:-}" = release ]; then
  [ -n "$nvcc" ] || { echo 'SKIPPED: no nvcc here'; exit 0; }
  targets=$(for a in 75 80 86 89 90 100 120; do printf 'compute_%s,sm_%s;' $a $a; done)
  cmake -B build/gpu-release "${common[@]}" -DCMAKE_BUILD_TYPE=Release "-DEDVR_GPU_TARGETS=${targets%;}" >/dev/null
  cmake --build build/gpu-release --target test_gpu_cuda
  ctest --test-dir build/gpu-release --output-on-failure -R '^gpu_(cuda|no_spills)$'
  exit
fi

section 'the GPU backend'
cmake -B build/gpu "${common[@]}" -DCMAKE_BUILD_TYPE=Release '-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG' >/dev/null
cmake --build build/gpu --target test_gpu_omp $([ -n "$nvcc" ] && echo test_gpu_ptx test_gpu_cuda edvr_ptx bench_gpu_ptx)
if [ "${1:-}" = all ]; then
  if [ -n "$nvcc" ]; then
    section 'edvr::cuda, installed and used by another project'
    cmake -S . -B build/cuda -G Ninja -DCMAKE_BUILD_TYPE=Release -DEDVR_CUDA=ON -DEDVR_TESTS=OFF -DEDVR_EXAMPLES=OFF >/dev/null
    bash tests/consumers.sh build/cuda
  fi
  section 'address and undefined-behaviour sanitizers, Thrust on OpenMP'
  cmake -B build/gpu-asan "${common[@]}" -DCMAKE_BUILD_TYPE=Debug '-DCMAKE_CXX_FLAGS_DEBUG=-g1 -O1' -DEDVR_SANITIZE=address,undefined >/dev/null
  cmake --build build/gpu-asan --target test_gpu_omp
  build/gpu-asan/tests/gpu/test_gpu_omp
  section 'clang, its OpenMP and its thread sanitizer'
  if edvr_install_packages clang libomp-dev libclang-rt-dev; then
    cmake -B build/gpu-clang "${common[@]}" -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Debug '-DCMAKE_CXX_FLAGS_DEBUG=-g1 -O1' -DEDVR_SANITIZE=thread >/dev/null
    cmake --build build/gpu-clang --target test_gpu_omp
    archer=$(find /usr/lib/llvm-* -name 'libarcher.so' 2>/dev/null | head -n 1)
    same_addresses=$(setarch -R true 2>/dev/null && echo 'setarch -R' || true)  # newer kernels put programs where this sanitizer does not expect them
    OMP_NUM_THREADS=2 OMP_TOOL_LIBRARIES=$archer TSAN_OPTIONS=ignore_noninstrumented_modules=1 $same_addresses build/gpu-clang/tests/gpu/test_gpu_omp
  else
    echo 'SKIPPED: no clang with OpenMP and sanitizers to be had here'
  fi
fi
section 'every test of the GPU backend'
ctest --test-dir build/gpu --output-on-failure -j2
