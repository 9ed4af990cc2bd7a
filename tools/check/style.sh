#!/bin/bash
# The rules of CONTRIBUTING.md that need no compiler: lengths of lines, functions and files, blanks,
# macros, leftover notes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

find core autograd nn optim models tools tests cmake .ci CMakeLists.txt -type f \
  \( -name '*.h' -o -name '*.cpp' -o -name '*.sh' -o -name '*.py' -o -name '*.cmake' \
  -o -name CMakeLists.txt -o -path '.ci/run' \) | LC_ALL=C sort |
  LC_ALL=C xargs awk '
  function wrong(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; ++failures }
  function close_file() {
    if (file == "") return
    if (lines > 400) { printf "%s: %d lines, at most 400\n", file, lines; ++failures }
    if (header && !once) { printf "%s: no #pragma once\n", file; ++failures }
  }
  FNR == 1 {
    close_file()
    file = FILENAME; ++files; once = 0; start = 0
    header = file ~ /\.h$/; cpp = header || file ~ /\.cpp$/; test = file ~ /^tests\//
  }
  {
    lines = FNR
    width = $0
    gsub(/[\200-\277]/, "", width)   # count characters of UTF-8, not bytes
    if (length(width) > 100) wrong("line of " length(width) " columns, at most 100")
  }
  /\t/ { wrong("tab") }
  /[ \r]$/ { wrong("blank at the end of the line") }
  /(TO)DO|(FIX)ME/ { wrong("a note to come back: do it, or open an issue") }
  !cpp { next }
  /^#pragma once/ { once = 1 }
  /^[ \t]*#[ \t]*define[ \t]+[A-Za-z_0-9]+\(/ && !test { wrong("function-like macro") }
  header && /using namespace/ { wrong("using namespace in a header") }
  /const_cast/ && !test { wrong("const_cast") }
  # A function: from a line at the left edge that opens a brace to the closing one there.
  /^[A-Za-z\[].*\{$/ && !/^(namespace|struct|class|enum|union|extern) / { start = FNR }
  /^\}/ {
    if (start && !test && FNR - start + 1 > 60)
      wrong("function of " FNR - start + 1 " lines, at most 60")
    start = 0
  }
  END {
    close_file()
    if (failures) { printf "style: %d wrong places\n", failures; exit 1 }
    printf "style: %d files keep the rules\n", files
  }'
