#!/usr/bin/env bash
# bash docs/api.sh     the API reference, from the headers: build/api/html/index.html. Fails on any warning of Doxygen's.
set -eu
cd "$(dirname "$0")/.."
. tests/install.sh
command -v doxygen >/dev/null || edvr_install_packages doxygen
mkdir -p build
doxygen docs/Doxyfile 2>build/api.log || true
if [ -s build/api.log ]; then
  cat build/api.log
  exit 1
fi
echo "API reference: $(find build/api/html -name '*.html' | wc -l) pages, no warning: build/api/html/index.html"
