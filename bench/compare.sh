#!/usr/bin/env bash
# EDVR and its convolutions beside PyTorch + torchvision, ONNX Runtime and OpenVINO, the newest of each, on the same cores, weights and frames.
# usage: bash bench/compare.sh [--thorough]     writes docs/benchmarks.md and its plots; THREADS (all), WORK_DIR (build/peers) may be set.
#        --quick (ops only) and --only NAME write figures to WORK_DIR/compare.json and leave the page as it is.
# Installs the peers into a virtual environment under WORK_DIR: about 7 GB, once.
set -eu
cd "$(dirname "$0")/.."
. tests/install.sh
work=${WORK_DIR:-build/peers} python=${PYTHON:-python3}
mkdir -p "$work"
if [ ! -x "$work/venv/bin/python" ] || ! "$work/venv/bin/python" -c 'import torch, torchvision, onnxruntime, onnx, openvino, matplotlib' 2>/dev/null; then
  free=$(df --output=avail -BG "$work" | tail -1 | tr -dc 0-9)
  [ "$free" -ge 12 ] || { echo "compare.sh: $work has ${free} GB free; the peers need about 12 while they are installed" >&2; exit 1; }
  echo "installing the peers into $work/venv"
  "$python" -m venv "$work/venv"
  "$work/venv/bin/pip" install -q torch torchvision onnxruntime onnx openvino matplotlib
fi
cmake --preset release -DEDVR_BENCH=ON >/dev/null
cmake --build --preset release --target edvr_bench edvr_time edvr_cli
exec "$work/venv/bin/python" bench/compare.py --bin build/release/bin --work "$work" --threads "${THREADS:-$(nproc)}" "$@"
