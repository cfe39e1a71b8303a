#!/usr/bin/env bash
# bash tests/consumers.sh BUILD    the library as others take it: a folder on the include path, a subfolder of their CMake project, installed and found by CMake
# and by pkg-config, and one header. BUILD is a configured build folder, to install from.
set -eu
cd "$(dirname "$0")/.."
. tests/install.sh
command -v dpkg >/dev/null && edvr_install_packages pkg-config
build=$(realpath "$1")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
source=$PWD
flags='-std=c++20 -O0 -Wall -Wextra -Werror'
cd "$place"
cmake --install "$build" --prefix "$place/installed" >/dev/null

echo '- a folder on the include path'
mkdir copied
cp -r "$source/include/edvr" copied
g++ $flags -Icopied -isystem /usr/include/eigen3 "$source/tests/consumer/main.cpp" -o plain
./plain

echo '- one header'
mkdir single
python3 "$source/cmake/single_header.py" single/edvr_all.hpp
for f in edvr/edvr.hpp edvr/io.hpp; do mkdir -p "single/edvr" && echo '#include "edvr_all.hpp"' > "single/$f"; done
g++ $flags -DWITH_IO -Isingle -isystem /usr/include/eigen3 -isystem /usr/include/stb "$source/tests/consumer/main.cpp" -lz -o single_header
./single_header

echo '- found by pkg-config'
PKG_CONFIG_PATH=$(dirname "$(find "$place/installed" -name edvr.pc)")
export PKG_CONFIG_PATH
g++ $flags -DWITH_IO $(pkg-config --cflags edvr | sed 's/-I/-isystem /g') "$source/tests/consumer/main.cpp" $(pkg-config --libs edvr) -o by_pkg_config
./by_pkg_config

echo '- found by CMake'
cmake -S "$source/tests/consumer" -B found -DCMAKE_PREFIX_PATH="$place/installed" -DCMAKE_BUILD_TYPE=Debug >/dev/null
cmake --build found >/dev/null
./found/consumer
./found/consumer_io
if [ -x found/consumer_cuda ]; then ./found/consumer_cuda; fi

echo '- a subfolder of a CMake project'
cmake -S "$source/tests/consumer" -B subfolder -DEDVR_FOLDER="$source" -DCMAKE_BUILD_TYPE=Debug >/dev/null
cmake --build subfolder >/dev/null
./subfolder/consumer
./subfolder/consumer_io
echo 'consumers: all of them build and run'
