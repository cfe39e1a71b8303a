#!/usr/bin/env bash
# bash tests/run.sh       one Release build, every test
# bash tests/run.sh all   also: layout, every instruction set, address, undefined-behaviour and thread sanitizers, clang, AArch64, each header alone, the library
#                         used by other projects in every way, its API reference, up to a minute of each fuzzer; all but the GPU backend (tests/gpu.sh)
set -eu
cd "$(dirname "$0")/.."
. tests/install.sh

section 'Release'
cmake --preset release -DEDVR_TESTS=ON -DEDVR_BENCH=ON -DEDVR_HEADER_TESTS="$([ "${1:-}" = all ] && echo ON || echo OFF)" >/dev/null
cmake --build --preset release
if [ "${1:-}" = all ]; then
  section 'layout of the code: .clang-format'
  if edvr_install_packages clang-format-19; then
    find include examples tests bench -name '*.[ch]pp' -o -name '*.cu' | xargs clang-format-19 --dry-run --Werror
  else
    echo 'SKIPPED: no clang-format 19 to be had here; other versions break lines elsewhere'
  fi
  # clang makes sanitized code in less time than g++ does.
  clang=
  if edvr_install_packages clang-19 libclang-rt-19-dev || edvr_install_packages clang libclang-rt-dev; then clang=$(command -v clang++-19 || command -v clang++); fi
  section 'address and undefined-behaviour sanitizers'
  cmake --preset asan-ubsan ${clang:+-DCMAKE_CXX_COMPILER="$clang"} >/dev/null
  cmake --build --preset asan-ubsan
  ctest --preset asan-ubsan
  section 'thread sanitizer: the tests that share work among threads'
  cmake --preset tsan >/dev/null
  cmake --build --preset tsan --target test_threads test_clips
  ./build/tsan/tests/test_threads
  ./build/tsan/tests/test_clips
  section 'each instruction set in place of the best one'
  for isa in baseline avx2 avx512 avx512_bf16; do
    if build/release/bin/edvr info | grep -q ", $isa kernels"; then
      echo "$isa: is the best one, and runs below"
    elif EDVR_ISA=$isa build/release/bin/edvr info >/dev/null 2>&1; then
      echo "$isa"
      EDVR_ISA=$isa ctest --preset release -R '^(core|ops|threads|nn|golden)$'
    else
      echo "$isa: skipped, this processor cannot run it"
    fi
  done
  section 'another compiler: clang'
  if [ -n "$clang" ]; then
    "$clang" --version | head -n 1
    cmake -S . -B build/clang -G Ninja -DCMAKE_CXX_COMPILER="$clang" -DCMAKE_BUILD_TYPE=Release '-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG' -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=6 >/dev/null
    cmake --build build/clang --target test_core test_ops test_threads test_io
    ctest --test-dir build/clang --output-on-failure -R '^(core|ops|threads|io)$'
  else
    echo 'SKIPPED: no clang to be had here'
  fi
  section 'installed and used; the API reference; another processor: AArch64, emulated'
  for package in pkg-config doxygen; do edvr_install_packages $package || true; done  # now, for two scripts cannot install at once
  { bash tests/consumers.sh build/release && bash docs/api.sh; } >build/beside.log 2>&1 & beside=$!  # while the emulator keeps one core only
  bash tests/aarch64.sh && emulated=0 || emulated=$?
  wait $beside && beside=0 || beside=$?
  cat build/beside.log
  [ "$emulated $beside" = '0 0' ]
  section 'strangers: a minute of fuzzing for each reader, the command line and shapes, a third of one for the rest'
  bash tests/fuzz.sh 60 pickle zip safetensors npy image y4m shapes arguments
  bash tests/fuzz.sh 20 checkpoint patterns
fi
section 'every test, Release'
ctest --preset release
