#!/bin/bash
# Runs the suite without its slow cases on another path: HEED_ISA or HEED_FUSED says which.
# Skipped (77) where the CPU lacks the instruction set, and for the best set that it has, which
# the plain run has used.
set -euo pipefail

has() { grep -qwE "$1" /proc/cpuinfo; }
best=baseline
if has avx2 && has fma; then best=avx2; fi
if has avx512vl && has avx512bw && has avx512dq; then best=avx512; fi

case "${HEED_ISA:-}" in
  "$best") echo "skipped: $best is what the plain run uses here"; exit 77 ;;
  avx512) echo "skipped: this CPU has no avx512"; exit 77 ;;
  avx2) if [[ $best == baseline ]]; then echo "skipped: this CPU has no avx2"; exit 77; fi ;;
esac
exec "$1" "~[slow]"
