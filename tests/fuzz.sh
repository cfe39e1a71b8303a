#!/usr/bin/env bash
# bash tests/fuzz.sh [SECONDS [TARGET...]]    libFuzzer on each target for so many seconds (60), two at a time, from the seeds and the goldens
# bash tests/fuzz.sh coverage                 lines of the readers that what was found so far reaches (build/fuzz/corpus and the seeds)
# seeds/checkpoint holds networks of one channel and zero weights, as .npz of float16: each kind, two dialects, one NaN, one that lacks a bias, four that are refused; seeds.py makes PyTorch files of them.
# What it finds is kept in build/fuzz/findings; give a finding its place in tests/fuzz/findings/TARGET once it is mended.
set -eu
cd "$(dirname "$0")/.."
. tests/install.sh
if ! edvr_install_packages clang llvm libclang-rt-dev; then
  echo 'SKIPPED: no clang with libFuzzer to be had here'
  exit 0
fi
all='checkpoint pickle zip safetensors npy image y4m shapes patterns arguments'
seconds=${1:-60}
build=build/fuzz
flags=
if [ "$seconds" = coverage ]; then build=build/fuzz-coverage flags='-fprofile-instr-generate;-fcoverage-mapping'; fi
cmake -S . -B $build -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG= -DEDVR_TESTS=OFF -DEDVR_EXAMPLES=OFF -DEDVR_FUZZ=ON "-DEDVR_FUZZ_FLAGS=$flags" >/dev/null
shift || true
targets=${*:-$all}
cmake --build $build $(for t in $targets; do echo --target fuzz_$t; done)

for t in $targets; do
  mkdir -p build/fuzz/corpus/$t build/fuzz/findings
  case $t in  # goldens that are small enough to be seeds
    checkpoint) files=$(find tests/golden -maxdepth 1 -name 'pth_sampler.*' -size -200k; ls tests/golden/numpy/*.npz) ;;
    zip) files=$(ls tests/golden/numpy/*.npz; find tests/golden -name 'pth_sampler.zip.pth') ;;
    safetensors) files=$(find tests/golden -name 'pth_sampler.expect.safetensors') ;;
    npy) files=$(ls tests/golden/numpy/*.np[yz]) ;;
    image) files=$(ls tests/golden/pictures/*.png tests/golden/pictures/*.jpg) ;;
    *) files= ;;
  esac
  for f in $files; do cp -n "$f" "build/fuzz/corpus/$t/$(basename "$f")"; done
done
if [ "$seconds" = coverage ]; then
  objects=
  for t in $targets; do
    LLVM_PROFILE_FILE=$build/$t.profraw $build/tests/fuzz/fuzz_$t -runs=0 -max_len=1000000 build/fuzz/corpus/$t $(ls -d tests/fuzz/seeds/$t tests/fuzz/findings/$t 2>/dev/null) >$build/$t.log 2>&1
    objects="$objects ${objects:+-object }$build/tests/fuzz/fuzz_$t"
  done
  llvm-profdata merge -o $build/all.profdata $build/*.profraw
  llvm-cov export -format=lcov $objects -instr-profile $build/all.profdata "$PWD"/include/edvr/io/*.hpp "$PWD"/include/edvr/model/{checkpoint,dialects}.hpp "$PWD"/examples/edvr/{restore_options,model_options}.cpp |
    python3 tests/fuzz/coverage.py
  exit
fi

run() {
  local t=$1
  "$build/tests/fuzz/fuzz_$t" -max_total_time="$seconds" -max_len=65536 -timeout=60 -malloc_limit_mb=256 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="build/fuzz/findings/$t-" \
    $([ -f tests/fuzz/$t.dict ] && echo -dict=tests/fuzz/$t.dict) build/fuzz/corpus/$t $(ls -d tests/fuzz/seeds/$t tests/fuzz/findings/$t 2>/dev/null) >build/fuzz/$t.log 2>&1 && state=0 || state=$?
  echo "$t: $(sed -n 's/stat::number_of_executed_units: *//p' build/fuzz/$t.log) executions in $seconds s, $(grep -o 'cov: [0-9]*' build/fuzz/$t.log | tail -n 1), $([ $state = 0 ] && echo no finding || echo "FINDING: see build/fuzz/$t.log")"
  [ $state = 0 ] || tail -n 40 build/fuzz/$t.log
  return $state
}
failed=0
set -- $targets
while [ $# -gt 0 ]; do
  run "$1" & first=$!
  second=
  if [ $# -gt 1 ]; then run "$2" & second=$!; fi
  wait $first || failed=1
  if [ -n "$second" ]; then wait $second || failed=1; shift; fi
  shift
done
exit $failed
