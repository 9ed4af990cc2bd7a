#!/bin/bash
# smoke.sh HEED_BENCH: every listed workload runs, for a second each, and says what it took; none of
# the times decides anything. `ctest -L bench-smoke` runs it.
set -euo pipefail
bench=$1

ids=$("$bench" --list | awk '{ print $1 }')
[[ $ids == *gpt2-124M* ]] || { echo "smoke.sh: --list lists too little: $ids" >&2; exit 1; }
for id in $ids; do
  result=$("$bench" "$id" --seconds 1 --json) || { echo "smoke.sh: $id failed" >&2; exit 1; }
  echo "$result"
  [[ $result == *'"median_ms":'[0-9]* ]] || { echo "smoke.sh: $id: no median" >&2; exit 1; }
done

# Sizes are taken from a name.
for id in lstm-T3-B2-W8 gpt-T3-B2-W64 long-7; do
  result=$("$bench" "$id" --seconds 0.01 --json)
  [[ $result == *"\"workload\":\"$id\""*'"items":'[67],* ]] ||
    { echo "smoke.sh: $id: $result" >&2; exit 1; }
done

# What makes no sense is refused by name.
refused() {   # EXPECTED WORDS...
  local said expected=$1
  shift
  if said=$("$bench" "$@" 2>&1) || [[ $said != *"$expected"* ]]; then
    echo "smoke.sh: expected \"$expected\" of $*, got: $said" >&2
    exit 1
  fi
}
refused 'expected one of --list, got "nanogtp"' nanogtp
refused 'expected one of --list, got "lstm-T0-B2-W8"' lstm-T0-B2-W8
refused 'expected one of --list, got "gpt-T3-B2-W64x"' gpt-T3-B2-W64x
refused 'expected an integer from 1 up, got "many"' mlp --threads many
refused 'expected one workload, got the family long' long --export file
