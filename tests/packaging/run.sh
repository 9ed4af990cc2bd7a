#!/bin/bash
# Uses heed as somebody else would. Usage: run.sh install|subdirectory SOURCE BUILD COMPILER
#   install       installs the build into a prefix, then builds the README's first program against
#                 it (find_package) and a small one by pkg-config, and runs both
#   subdirectory  builds a small program in a project that takes heed's sources in
set -euo pipefail
way=$1 source=$2 build=$3 compiler=$4

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "packaging: $1" >&2
  exit 1
}
failed() {
  tail -n 60 "$work/log"
  fail "$1 failed"
}
outside() {   # configures and builds the outside project with the given settings
  local launcher=()
  if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  cmake -S "$source/tests/packaging" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
    "${launcher[@]}" "$@" >"$work/log" 2>&1 || failed "cmake"
  cmake --build "$work/build" -j 2 >"$work/log" 2>&1 || failed "the build"
}

if [[ $way == subdirectory ]]; then
  # Without optimisation and debug information: only to see that it builds and runs.
  outside -DHEED_SOURCE="$source" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0
  "$work/build/small"
  cmake --install "$work/build" --prefix "$work/prefix" >/dev/null
  [[ $(cd "$work/prefix" && find . -type f) == ./bin/small ]] ||
    fail "heed installs files inside another project: $(find "$work/prefix" -type f)"
  exit 0
fi

prefix=$work/prefix
cmake --install "$build" --prefix "$prefix" >/dev/null
if grep -rlE '#include *<(nlohmann|cblas|tbb|oneapi)' "$prefix/include"; then
  fail "third-party headers in installed headers"
fi

# The first program of the README, exactly as printed there.
awk '/^```cpp/ { on = 1; next } /^```/ && on { exit } on' "$source/README.md" >"$work/readme.cpp"
[[ -s $work/readme.cpp ]] || fail "README.md has no \`\`\`cpp block"
outside -DCMAKE_PREFIX_PATH="$prefix" -DREADME_PROGRAM="$work/readme.cpp"
began=$(date +%s%N)
"$work/build/readme_program"
echo "the README's program ran in $((($(date +%s%N) - began) / 1000000)) ms"

library=$(dirname "$(find "$prefix" -name 'libheed.*' | head -n 1)")
if command -v pkg-config >/dev/null; then
  export PKG_CONFIG_PATH=$library/pkgconfig
  read -ra flags < <(pkg-config --cflags --libs heed)
  began=$(date +%s%N)
  "$compiler" -std=c++20 -O0 "$source/tests/packaging/small.cpp" -o "$work/small" "${flags[@]}"
  echo "the small program was built by pkg-config in $((($(date +%s%N) - began) / 1000000)) ms"
  LD_LIBRARY_PATH=$library "$work/small"
fi

# A small program starts at once and stays small: 20 ms (the best of ten) and 30 MiB.
best=1000000
for _ in 1 2 3 4 5 6 7 8 9 10; do
  began=$(date +%s%N)
  mebibytes=$("$work/build/small" | tail -n 1)
  took=$((($(date +%s%N) - began) / 1000))
  if [[ $took -lt $best ]]; then best=$took; fi
done
echo "the small program takes $best us and $mebibytes MiB"
[[ $best -le 20000 && $mebibytes -le 30 ]] || fail "that is more than 20 ms or 30 MiB"
