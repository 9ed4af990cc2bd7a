#!/bin/bash
# From a bare Debian 12 or 13 to two trained attention models: installs what the build needs, builds
# heed, trains it to write dates in one form and then to pronounce English words.
# Runs from any folder, as root or as a user with sudo, and again at any time.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/phases.sh"
cd "$heed_root"

phase "Debian packages" tools/install_packages.sh build
phase "pronouncing dictionary" tools/dictionary.sh
dictionary=$(tools/dictionary.sh)
# A tree that is configured already keeps its settings (test.sh turns the tests on there).
settings=()
if [[ ! -f build/release/CMakeCache.txt ]]; then settings=(-DHEED_BUILD_TESTS=OFF); fi
phase "configuring" configure "${settings[@]}"
phase "building heed and its tutorials" build --target heed_program heed_tutorials

heed=build/release/bin/heed
train() {   # WHAT TASK FLAGS...
  local what=$1 began=$SECONDS
  shift
  printf '\n== %s: heed train %s\n\n' "$what" "$*"
  "$heed" train "$@"
  printf '\n%-46s%5d s\n' "$what" $((SECONDS - began))
}
train "learning to write dates" dates --out runs/dates
train "learning to pronounce English" g2p --data "$dictionary" --out runs/g2p

took=$((SECONDS - heed_began))
cat <<END

Everything together took $((took / 60)) min $((took % 60)) s. Now try:

  $heed predict runs/g2p tensor autograd      say how words are pronounced
  $heed attention runs/g2p psychology         draw which letters make which sounds
  $heed evaluate runs/g2p                     measure it on the test words again
  $heed inspect runs/g2p                      its layers, shapes and counts
END
