# shellcheck shell=bash disable=SC2034
# Sourced by the setup scripts: short lines about long work. No effect of its own.

heed_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
heed_began=$SECONDS

# phase WHAT COMMAND...: one line with the time it took; the output is shown only if it fails.
phase() {
  local what=$1 began=$SECONDS log
  shift
  log=$(mktemp)
  printf '%-46s' "$what ..."
  if "$@" >"$log" 2>&1; then
    printf '%5d s\n' $((SECONDS - began))
    rm -f "$log"
    return
  fi
  printf ' failed after %d s\n\n' $((SECONDS - began))
  tail -n 60 "$log" >&2
  rm -f "$log"
  printf '\nfailed: %s\n' "$what" >&2
  exit 1
}

# How many compilers may run at once: one for each core, and about 1.5 GB of memory for each.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ { print int($2 / 1500000) }' /proc/meminfo 2>/dev/null || true)
  if [[ -n $memory && $memory -lt $cores ]]; then cores=$memory; fi
  echo $((cores > 0 ? cores : 1))
}

# configure and build TARGET... in build/release, the one build tree of the scripts.
configure() { (cd "$heed_root" && cmake --preset release "$@"); }
build() { cmake --build "$heed_root/build/release" -j "$(build_jobs)" "$@"; }
