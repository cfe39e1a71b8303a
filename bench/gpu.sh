#!/usr/bin/env bash
# bash bench/gpu.sh: times of the GPU backend on this machine's GPU (bench/gpu/bench.cu), and PyTorch's on the same shapes if it is installed.
set -eu
cd "$(dirname "$0")/.."
. tests/install.sh
command -v nvcc >/dev/null || { echo 'nvcc is needed: install the CUDA toolkit' >&2; exit 1; }
cmake -S . -B build/cuda -G Ninja -DCMAKE_BUILD_TYPE=Release -DEDVR_CUDA=ON -DEDVR_TESTS=OFF -DEDVR_BENCH=ON >/dev/null
cmake --build build/cuda --target edvr_bench_gpu
status=0
build/cuda/bin/edvr_bench_gpu "$@" || status=$?
[ $status = 77 ] && exit 77
python3 -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null && python3 bench/peers/gpu.py
exit $status
