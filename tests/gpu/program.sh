#!/usr/bin/env bash
# The program's --device cuda, with nvcc's kernels on the CPU: program.sh PROGRAM SOURCE_FOLDER WORK_FOLDER
set -eu
edvr=$1 source=$2 work=$3
rm -rf "$work" && mkdir -p "$work" && cd "$work"
golden=$source/tests/golden

# refuses CODE WORDS COMMAND...
refuses() {
  local code=$1 words=$2 said status=0
  shift 2
  said=$("$@" 2>&1) || status=$?
  if [ "$status" != "$code" ] || [[ "$said" != *"$words"* ]]; then
    echo "FAILED: $*: exit $status, expected $code and \"$words\"; said: $said" >&2
    exit 1
  fi
}
# alike A B: pictures that differ by rounding at most.
alike() {
  local psnr
  psnr=$("$edvr" evaluate -i "$1" -r "$2" --json | sed -n 's/.*"psnr": *\([0-9.]*\|"inf"\).*/\1/p' | tail -n 1)
  echo "$1 beside $2: PSNR ${psnr:-?} dB"
  [ "$psnr" = '"inf"' ] || [ "${psnr%.*}" -ge 70 ]
}

"$edvr" info | grep -q 'translated PTX on this CPU'
"$edvr" resize -i "$source/examples/clip/low" -o small --scale 0.25
"$edvr" restore -m "$golden/net_a.raw_zip.pth" -i small -o on_cpu --frames 0:3
PTX_TRACE=1 "$edvr" restore -m "$golden/net_a.raw_zip.pth" -i small -o on_gpu --frames 0:3 --device cuda 2>trace.txt
grep -q 'deformed_column' trace.txt
alike on_gpu on_cpu
"$edvr" restore -m "$golden/net_a.raw_zip.pth" -i small -o plain --frames 0:1 --device cuda:0 --no-cache --no-split --ensemble
"$edvr" restore -m "$golden/net_a.raw_zip.pth" -i small -o plain_cpu --frames 0:1 --no-cache --no-split --ensemble
alike plain plain_cpu
PTX_NO_POOLS=1 "$edvr" restore -m "$golden/net_a.raw_zip.pth" -i small -o no_pools --frames 0:1 --device cuda
cmp no_pools/00000000.png on_gpu/00000000.png
refuses 7 'expected 0 to 0' "$edvr" restore -i small -o x --device cuda:1
PTX_NO_DEVICE=1 refuses 7 'there is no GPU here' "$edvr" restore -i small -o x --device cuda
PTX_MEMORY=100000 refuses 7 'expected enough free device memory' "$edvr" restore -i small -o x --device cuda
[ ! -e x ] || [ -z "$(ls x)" ]
echo 'the program on the device: all as on the CPU'
