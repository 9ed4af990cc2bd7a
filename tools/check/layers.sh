#!/bin/bash
# Who may include whom (ARCHITECTURE.md). Everything that stands in an #include is checked, so a
# wrong arrow between the layers, or a third-party header outside its one file, fails here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

find core autograd nn optim models tools tests -name '*.h' -o -name '*.cpp' | LC_ALL=C sort |
  xargs awk '
  function wrong(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; ++failures }
  function once(what) {
    if (user[what] == "") user[what] = FILENAME
    if (user[what] != FILENAME)
      wrong(what " is included by " user[what] " already: one file knows it")
    if (FILENAME !~ /^core\/.*\.cpp$/) wrong(what " belongs into one .cpp file of core/")
  }
  BEGIN {
    may["core"] = " core "
    may["autograd"] = " core autograd "
    may["optim"] = " core autograd optim "
    may["nn"] = " core autograd nn "
    may["models"] = " core autograd nn optim models "
    may["tools"] = " core autograd nn optim models tools "
    may["tests"] = " core autograd nn optim models tools tests "
  }
  FNR == 1 { split(FILENAME, folders, "/"); layer = folders[1]; ++files }
  /x86-64-v[0-9]|immintrin\.h/ && FILENAME !~ /^core\/simd\.(h|cpp)$/ {
    wrong("instruction sets are named in core/simd.h only")
  }
  !/^[ \t]*#[ \t]*include/ { next }
  /<cblas\.h>/ { once("cblas.h"); next }
  /<(oneapi\/)?tbb\// { once("tbb"); next }
  /<nlohmann\// {
    if (FILENAME !~ /^core\/io\/.*\.cpp$/) wrong("nlohmann/json belongs into core/io/*.cpp")
    next
  }
  /"/ {
    split($0, quoted, "\"")
    path = quoted[2]
    outer = layer == "tools" || layer == "tests"
    if (outer && path ~ /^heed\/(heed|core|autograd|nn|optim|models)\.h$/) next
    if (outer && (path ~ ("^" layer "/") || path !~ /\//)) next
    if (path !~ /^heed\/[a-z]+\//) {
      wrong("write \"heed/<folder>/<file>.h\", not \"" path "\"")
      next
    }
    split(path, parts, "/")
    if (index(may[layer], " " parts[2] " ") == 0)
      wrong(layer " must not include " path " (it may include:" may[layer] ")")
  }
  END {
    if (failures) { printf "layers: %d wrong lines\n", failures; exit 1 }
    printf "layers: %d files, every include points downward\n", files
  }'
