#!/usr/bin/env bash
# bash tests/aarch64.sh     the tests of core, ops and threads, built for AArch64 (NEON) by a cross compiler and run by an emulator; Debian and Ubuntu
set -eu
cd "$(dirname "$0")/.."
. tests/install.sh
edvr_install_packages g++-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static

build=build/aarch64
rm -rf "$build"
mkdir -p "$build/include"
cp -r /usr/include/doctest "$build/include"  # headers only; /usr/include itself belongs to this processor
# Six sources a compiler run, as in the other builds; but for the kernels, which are alone and optimised, as their users build them.
unit() {
  for source in "${@:2}"; do echo "#include \"$PWD/$source\""; done > "$build/$1.cpp"
  echo "$1.cpp" >> "$build/units"
}
for folder in ops core threads; do  # the longest first
  kernels=$(printf '%s\n' tests/$folder/*.cpp | grep -E 'conv2d|convolutions|matmul' || true)
  for source in $kernels; do unit "kernel-$folder-$(basename "$source" .cpp)" "$source"; done
  others=($(printf '%s\n' tests/$folder/*.cpp | grep -vxF "${kernels:-none}"))
  for ((i = 0; i < ${#others[@]}; i += 6)); do unit "$folder-$i" "${others[@]:i:6}"; done
done
unit main tests/support/main.cpp
compile() {
  local level=-O1
  case $1 in kernel-*) level=-O2 ;; esac
  aarch64-linux-gnu-g++ -std=c++20 $level -Iinclude -Itests/support -isystem /usr/include/eigen3 -isystem "$build/include" -c "$build/$1" -o "$build/$1.o"
}
export -f compile
export build
xargs -P "$CMAKE_BUILD_PARALLEL_LEVEL" -I{} bash -c 'compile {}' < "$build/units"
aarch64-linux-gnu-g++ -static "$build"/*.o -o "$build/tests"
qemu-aarch64-static "$build/tests"
