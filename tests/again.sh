#!/bin/bash
# Runs the suite without its slow cases on another path: HEED_ISA or HEED_FUSED says which.
# Skipped (77) where the CPU lacks the instruction set. Usage: again.sh heed_tests
set -euo pipefail

has() { grep -qw "$1" /proc/cpuinfo; }
case "${HEED_ISA:-}" in
  avx512) wanted=(avx512f avx512vl avx512bw avx512dq avx512cd) ;;
  avx2) wanted=(avx2 fma bmi2) ;;
  *) wanted=() ;;
esac
for flag in "${wanted[@]}"; do
  has "$flag" || { echo "skipped: this CPU has no $flag"; exit 77; }
done
exec "$1" "~[slow]"
