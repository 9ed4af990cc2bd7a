#!/bin/bash
# A training step of the quickstart's model, heed beside PyTorch eager on this machine: fresh
# processes in turn, five rounds each, with 1 and 2 threads; prints the medians and their ratio.
# Installs PyTorch by pip in build/torch where python3 has none. ROUNDS=n, SECONDS_EACH=s change it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-4}

bench=build/release/bin/bench_g2p
[[ -x $bench ]] || { echo "compare.sh: no $bench; run tools/test.sh first" >&2; exit 1; }
python=${PYTHON:-python3}
if ! "$python" -c 'import torch' 2>/dev/null; then
  python=build/torch/bin/python
  [[ -x $python ]] || python3 -m venv build/torch
  "$python" -c 'import torch' 2>/dev/null || "$python" -m pip install -q torch numpy
fi

field() { sed -E "s/.*\"$1\": ([0-9.]+).*/\1/"; }
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

for threads in 1 2; do
  ours=() theirs=()
  for ((i = 0; i < rounds; ++i)); do
    ours+=("$("$bench" "$threads" "$seconds" | field median_ms)")
    theirs+=("$("$python" tools/bench/torch_g2p.py "$threads" "$seconds" | field median_ms)")
  done
  a=$(printf '%s\n' "${ours[@]}" | median) b=$(printf '%s\n' "${theirs[@]}" | median)
  echo "g2p, $threads threads: heed $a ms (${ours[*]}), PyTorch $b ms (${theirs[*]}), ratio" \
    "$(awk "BEGIN {printf \"%.2f\", $b / $a}")"
done
