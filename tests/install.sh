# Sourced by the scripts: installs what the project needs on Debian and Ubuntu, and nothing if all is there; headlines with the minutes that have passed.
section() { printf -- '--- %d:%02d %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$1"; }
edvr_install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return 0
  if ! command -v apt-get >/dev/null; then
    echo "Needed: ${missing[*]}. Install them and run this again." >&2
    return 1
  fi
  echo "installing: ${missing[*]}"
  local sudo=''
  [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}"
}
if command -v dpkg >/dev/null; then edvr_install_packages g++ cmake ninja-build libeigen3-dev libcli11-dev libstb-dev nlohmann-json3-dev zlib1g-dev doctest-dev python3 libbenchmark-dev ccache; fi
command -v ccache >/dev/null && export CMAKE_CXX_COMPILER_LAUNCHER=ccache
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
