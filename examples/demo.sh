#!/usr/bin/env bash
# Builds the program, restores the bundled clip, and shows by how much: PSNR and SSIM beside bicubic, and one picture.
# bash examples/demo.sh [FOLDER]     results go to FOLDER (default: out)
set -euo pipefail
out=$(realpath -m "${1:-out}")
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || out=out
. tests/install.sh

cmake --preset release -DEDVR_TESTS=OFF >/dev/null
cmake --build --preset release --target edvr_cli
edvr=build/release/bin/edvr clip=examples/clip

mkdir -p "$out"
$edvr restore -i $clip/low -o "$out/restored" --overwrite --stats
$edvr resize -i $clip/low -o "$out/bicubic" --scale 4 --overwrite
echo
echo "bicubic   $($edvr evaluate -i "$out/bicubic" -r $clip/truth | tail -n 1)"
echo "edvr      $($edvr evaluate -i "$out/restored" -r $clip/truth | tail -n 1)"
frame=00000005.png
$edvr sheet $clip/low/$frame "$out/bicubic/$frame" "$out/restored/$frame" $clip/truth/$frame -o "$out/demo.png" --labels 'low resolution' bicubic edvr truth --overwrite
echo "restored frames: $out/restored   the picture to look at: $out/demo.png"
