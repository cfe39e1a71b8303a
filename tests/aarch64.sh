#!/usr/bin/env bash
# bash tests/aarch64.sh     the tests of core, ops and threads, built for AArch64 (NEON) by a cross compiler and run by an emulator; Debian and Ubuntu
set -eu
cd "$(dirname "$0")/.."
. tests/install.sh
edvr_install_packages g++-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static

build=build/aarch64
mkdir -p "$build/include"
rm -f "$build"/*.o  # tests that are no more
cp -r /usr/include/doctest "$build/include"  # headers only; /usr/include itself belongs to this processor
compile() {
  local level=-O1
  case $1 in *conv2d* | *convolutions* | *matmul*) level=-O2 ;; esac  # the kernels as their users build them
  aarch64-linux-gnu-g++ -std=c++20 $level -Iinclude -Itests/support -isystem /usr/include/eigen3 -isystem "$build/include" -c "$1" -o "$build/$(basename "$(dirname "$1")")-$(basename "$1" .cpp).o"
}
export -f compile
export build
printf '%s\n' tests/support/main.cpp tests/core/*.cpp tests/ops/*.cpp tests/threads/*.cpp | xargs -P "$CMAKE_BUILD_PARALLEL_LEVEL" -I{} bash -c 'compile {}'
aarch64-linux-gnu-g++ -static "$build"/*.o -o "$build/tests"
qemu-aarch64-static "$build/tests"
