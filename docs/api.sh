#!/usr/bin/env bash
# bash docs/api.sh     the API reference, from the headers: build/api/html/index.html. Fails on any warning of Doxygen's.
set -eu
cd "$(dirname "$0")/.."
if ! command -v doxygen >/dev/null; then
  . tests/install.sh
  if ! edvr_install_packages doxygen; then
    echo 'SKIPPED: no Doxygen to be had here'
    exit 0
  fi
fi
rm -rf build/api
mkdir -p build
doxygen docs/Doxyfile 2>build/api.log || { head -n 40 build/api.log; exit 1; }
if [ -s build/api.log ] || [ ! -s build/api/html/index.html ]; then
  head -n 40 build/api.log
  exit 1
fi
echo "API reference: $(find build/api/html -name '*.html' | wc -l) pages, no warning: build/api/html/index.html"
