#!/bin/bash
# Installs what the tests need, builds everything and runs all tests but the reproductions and the
# benchmark, which take long. Arguments go to ctest instead: tools/test.sh -L unit, tools/test.sh
# -L reproduction, tools/test.sh -L bench-smoke.
# Runs from any folder, as root or as a user with sudo.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/phases.sh"
cd "$heed_root"

phase "Debian packages" tools/install_packages.sh test
phase "configuring" configure -DHEED_BUILD_TESTS=ON
phase "building heed, its tests and benchmarks" build
echo "testing"
[ $# -gt 0 ] || set -- -LE 'reproduction|bench-smoke'
ctest --test-dir build/release --output-on-failure --no-label-summary -j "$(nproc)" "$@"
