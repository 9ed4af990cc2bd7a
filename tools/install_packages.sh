#!/bin/bash
# Installs the Debian packages that heed needs. Usage: install_packages.sh build|test
# Does nothing (and needs no network and no rights) where they are already there.
set -euo pipefail

packages=(g++ cmake ninja-build libopenblas-dev libtbb-dev nlohmann-json3-dev)
if [[ ${1:-} == test ]]; then packages+=(catch2 pkg-config); fi

stop() {
  printf '%s\n' "$@" >&2
  exit 1
}

if ! command -v dpkg-query >/dev/null; then
  for program in c++ cmake ninja; do
    command -v "$program" >/dev/null || stop \
      "This is not a Debian system, and $program is missing. heed needs a C++20 compiler, cmake," \
      "ninja, OpenBLAS with cblas.h, oneTBB and nlohmann/json (the tests: Catch2)."
  done
  exit 0   # cmake says what else is missing
fi

missing=()
for package in "${packages[@]}"; do
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) == installed ]] ||
    missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then exit 0; fi

command=(apt-get install -y --no-install-recommends "${missing[@]}")
as_root=(env DEBIAN_FRONTEND=noninteractive)
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null || stop \
    "Missing packages: ${missing[*]}" "There is no sudo here. As root, run: ${command[*]}"
  as_root=(sudo "${as_root[@]}")
fi
"${as_root[@]}" apt-get update -q ||
  echo "apt-get update failed; trying with the package lists that are here" >&2
"${as_root[@]}" "${command[@]}" || stop \
  "" "Missing packages: ${missing[*]}" "They could not be installed by: ${command[*]}"
