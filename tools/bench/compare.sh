#!/bin/bash
# compare.sh [WORKLOAD...] [--threads 1 2] [--rounds 5] [--seconds 3] [--quick] [--json]
# Measures heed beside PyTorch on this machine, as docs/performance.md describes; all workloads of
# heed-bench --list where none is named.
# compare.sh --growth [GROUP...]: time and memory against T, batch and width (growth.py).
# Installs PyTorch by pip in build/torch where it is missing. PYTHON=... names an interpreter that
# has it, and perhaps JAX, HEED_BENCH=... the program to measure.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$here/../../build
stop() { echo "compare.sh: $*" >&2; exit 1; }
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  sed -n 's/^# //p' "${BASH_SOURCE[0]}" | head -6
  exit
fi

bench=${HEED_BENCH:-$build/release/bin/heed-bench}
[[ -x $bench ]] || stop "no $bench; tools/test.sh builds it"
python=${PYTHON:-$build/torch/bin/python}
if [[ -z ${PYTHON:-} && ! -x $python ]]; then
  python3 -m venv "$build/torch" || stop "no virtual environment; Debian: apt install python3-venv"
fi
if ! "$python" -c 'import torch' 2>/dev/null; then
  [[ -z ${PYTHON:-} ]] || stop "$PYTHON has no torch"
  echo "installing PyTorch in $build/torch" >&2
  "$python" -m pip install -q torch numpy >&2
fi

if [[ ${1:-} == --growth ]]; then
  exec "$python" "$here/growth.py" --heed "$bench" "${@:2}"
fi

# PyTorch from C++: headers and libraries are in the package.
torch=$("$python" -c 'import os, torch; print(os.path.dirname(torch.__file__))')
version=$("$python" -c 'import torch; print(torch.__version__)')
libtorch=$build/libtorch_bench-$version
if [[ ! $libtorch -nt $here/libtorch_bench.cpp ]]; then
  echo "compiling libtorch_bench" >&2
  mkdir -p "$build"
  "${CXX:-g++}" -std=c++20 -O3 -I"$torch/include" -I"$torch/include/torch/csrc/api/include" \
    "$here/libtorch_bench.cpp" -o "$libtorch" -L"$torch/lib" -Wl,-rpath,"$torch/lib" \
    -Wl,--no-as-needed -ltorch -ltorch_cpu -lc10
fi

exec "$python" "$here/compare.py" --heed "$bench" --libtorch "$libtorch" "$@"
