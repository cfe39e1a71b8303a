#!/usr/bin/env bash
# EDVR-M with random weights on one window of 5 frames of 320x180, ours and PyTorch's (the system's python3 with torch and torchvision), one
# after the other on the same cores: seconds, peak memory, and how far the results are apart.
# usage: bash bench/peers/compare.sh [PROGRAM]     PYTHON, THREADS, SIZE (WxH) may be set.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
edvr=${1:-$root/build/release/bin/edvr} python=${PYTHON:-/usr/bin/python3} threads=${THREADS:-$(nproc)} size=${SIZE:-320x180}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$edvr" convert -m random:edvr_m -o "$work/m.safetensors"
"$python" - "$work/in.safetensors" "$size" <<'P'
import json, struct, sys
import numpy as np
w, h = map(int, sys.argv[2].split("x"))
x = np.random.default_rng(1).random((1, 5, 3, h, w), np.float32)
header = json.dumps({"input": {"dtype": "F32", "shape": list(x.shape), "data_offsets": [0, x.nbytes]}}).encode()
open(sys.argv[1], "wb").write(struct.pack("<Q", len(header)) + header + x.tobytes())
P
echo "$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2), $threads threads, 5 x $size"
for round in 1 2; do
  echo "edvr    $("$edvr" forward -m "$work/m.safetensors" -i "$work/in.safetensors" -o "$work/ours.safetensors" --threads "$threads" --stats --overwrite 2>&1)"
  echo "pytorch $("$python" "$root/bench/peers/edvr_torch.py" "$work/m.safetensors" "$work/in.safetensors" "$work/theirs.safetensors" "$threads")"
done
"$edvr" compare "$work/ours.safetensors" "$work/theirs.safetensors" --atol 1e-4
