#!/usr/bin/env bash
# run.sh FOLDER: builds each program right and wrong in FOLDER, and expects the wrong one to be caught.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
same_addresses=$(setarch -R true 2>/dev/null && echo 'setarch -R' || true)  # for the thread sanitizer, on newer kernels
cuda=$(dirname "$(dirname "$(readlink -f "$(command -v nvcc)")")")/include
for kind in '' thread address; do
  sanitize=${kind:+-fsanitize=$kind}
  for part in runtime blas; do
    g++ -std=c++20 -O1 $sanitize $([ "$kind" = address ] && echo -DPTX_MALLOC) -frounding-math -ffp-contract=off -I"$here/.." -isystem "$cuda" -c "$here/../$part.cpp" -o $part$kind.o
  done
done
caught=0
for program in "$here"/*.cu; do
  name=$(basename "$program" .cu)
  expected=$(sed -n '1s,// ,,p' "$program")
  kind=''
  [ "$name" = race ] && kind=thread
  [ "$name" = overrun_seen_by_asan ] && kind=address
  for fault in '' -DFAULT; do
    build=$name$fault
    mkdir -p $build
    nvcc -std=c++20 -O2 -arch=sm_75 -cudart=none --keep --keep-dir $build $fault -c "$program" -o $build/host.o
    python3 "$here/../translate.py" $build/$name.ptx >$build/kernels.cpp
    g++ -std=c++20 -O1 -w ${kind:+-fsanitize=$kind} -ffp-contract=off -I"$here/.." $build/kernels.cpp $build/host.o runtime$kind.o blas$kind.o -pthread -o $build/run
    status=0
    said=$( (PTX_THREADS=$([ "$kind" = thread ] && echo 2 || echo 1) $same_addresses $build/run) 2>&1) || status=$?
    [ $status = 139 ] && said="$said SIGSEGV"
    if [ -z "$fault" ] && [ $status != 0 ]; then
      echo "$name: the right program fails ($status): $said" >&2
      exit 1
    elif [ -n "$fault" ]; then
      if [ $status = 0 ] || ! grep -qF "$expected" <<<"$said"; then
        echo "$name: not caught ($status): $said" >&2
        exit 1
      fi
      echo "$name: caught, $expected"
      caught=$((caught + 1))
    fi
  done
done
[ $caught = 12 ] || { echo "expected 12 programs, found $caught" >&2; exit 1; }
echo "$caught faults, each caught"
