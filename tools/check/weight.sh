#!/bin/bash
# The project stays light: sizes that a new file could break without anybody noticing.
# Usage: weight.sh [LIBRARY]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

failures=0
limit() {   # what, size, most, unit
  printf '%-44s %6d of %d %s\n' "$1" "$2" "$3" "$4"
  if [[ $2 -gt $3 ]]; then failures=$((failures + 1)); fi
}
bytes() { xargs -0 -r cat | wc -c; }
code() { cat "$@" | grep -cvE '^[[:space:]]*(//.*)?$' || true; }

shopt -s nullglob
limit "sources and stored cases" "$(($(find . \( -name build -o -name runs -o -name .git \) -prune \
  -o -type f -print0 | bytes) / 1024))" 5120 KiB
limit "stored cases in tests/" "$(($(find tests -type f ! -name '*.cpp' ! -name '*.h' -print0 |
  bytes) / 1024))" 2048 KiB
limit "the engine: node, variable, engine" \
  "$(code autograd/{node,variable,engine}.{h,cpp} 2>/dev/null)" 300 "lines of code"
limit "CMake" "$(cat CMakeLists.txt cmake/* tests/CMakeLists.txt tools/CMakeLists.txt | wc -l)" \
  350 lines
if [[ $# -gt 0 && $1 == *.so* ]]; then
  stripped=$(mktemp)
  trap 'rm -f "$stripped"' EXIT
  strip -o "$stripped" "$1"
  # 4.5 MiB were the foundation; the transformer family, convolutions and text brought the rest.
  limit "libheed.so stripped" "$(($(wc -c <"$stripped") / 1024))" 6144 KiB
fi
[[ $failures -eq 0 ]]
