# Sourced by the tests of the program, each of which is run as: bash TEST.sh PROGRAM SOURCE_FOLDER WORK_FOLDER
set -u
edvr=$1 source=$2 work=$3
rm -rf "$work" && mkdir -p "$work" && cd "$work" || exit 1
golden=$source/tests/golden clip=$source/examples/clip
failures=0 checks=0

# expect CODE WORDS COMMAND...: runs the command; its exit code and words on standard error (or output) must be these.
expect() {
  local code=$1 words=$2 said got
  shift 2
  said=$("$@" 2>&1 </dev/null)
  got=$?
  checks=$((checks + 1))
  if [ "$got" != "$code" ] || [[ "$said" != *"$words"* ]]; then
    failures=$((failures + 1))
    printf 'FAILED: %s\n  exit %s, expected %s; expected words: %s\n  said: %s\n' "$*" "$got" "$code" "$words" "${said:0:400}"
  fi
}
check() {
  checks=$((checks + 1))
  if ! "${@}"; then failures=$((failures + 1)); echo "FAILED: $*"; fi
}

# patch IN OUT TENSOR BYTES: a copy of a safetensors file with the first four bytes of a tensor replaced.
patch() {
  local n at
  n=$(od -An -t u8 -N 8 "$1" | tr -d ' ')
  at=$(dd if="$1" bs=1 skip=8 count="$n" 2>/dev/null | sed "s|.*\"$3\":{[^}]*\"data_offsets\":\[\([0-9]*\),.*|\1|; s|.*\"$3\": {[^}]*\"data_offsets\": \[\([0-9]*\),.*|\1|")
  cp "$1" "$2" && chmod u+w "$2" && printf "$4" | dd of="$2" bs=1 seek=$((8 + n + at)) conv=notrunc 2>/dev/null
}
# decibels A B LEAST: at least so many between each frame of folder A and that of B.
decibels() {
  checks=$((checks + 1))
  "$edvr" evaluate -i "$1" -r "$2" | awk -v least="$3" '{ for (i = 1; i < NF; ++i) if ($i == "PSNR") { ++n; if ($(i + 1) != "inf" && !($(i + 1) + 0 >= least)) bad = 1 } } END { exit bad || !n }' ||
    { failures=$((failures + 1)); echo "FAILED: $1 is not within $3 dB of $2: $("$edvr" evaluate -i "$1" -r "$2" | tail -n 1)"; }
}
finish() {
  echo "$1: $checks checks, $failures failures"
  [ $failures = 0 ]
}

# The bundled clip; under sanitizers, which make it slow, a quarter of its size.
small=$clip/low large=$clip/truth
if [ -n "${EDVR_SANITIZED:-}" ]; then
  "$edvr" resize -i "$clip/low" -o low --scale 0.25 && small=$work/low large=$clip/low
fi
