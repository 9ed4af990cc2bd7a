#!/bin/bash
# Every differentiable op has a row in the gradient tables. The ops are the functions at the left
# edge of the headers in autograd/ that return Variables; a row is their name in quotes in a file
# tests/*gradient*. The headers of the machinery hold no ops, and a function elsewhere that is none
# of its own (it makes a Variable without a rule) says "not an op" in the comment above it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

machinery='/(node|variable|engine|record|recording|fused|math|pointwise|.*_definition)\.h$'
ops=$(find autograd -name '*.h' | grep -vE "$machinery" | LC_ALL=C sort | xargs awk '
  FNR == 1 { comment = "" }
  /^\/\// { comment = comment $0; next }
  /^(\[\[nodiscard\]\] |inline )*(Variable|std::(vector|pair|tuple)<Var[^()]*>) [a-z_0-9]+\(/ {
    name = $0
    sub(/\(.*/, "", name)
    sub(/.* /, "", name)
    if (comment !~ /not an op/) print name
  }
  { if ($0 !~ /^(template|requires|  )/) comment = "" }
' | LC_ALL=C sort -u)

shopt -s nullglob
tables=(tests/*gradient*.cpp tests/*gradient*.h)
rows=$(cat /dev/null "${tables[@]}" | { grep -oE '"[a-z_0-9]+' || true; } | tr -d '"' |
  LC_ALL=C sort -u)
missing=$(LC_ALL=C comm -23 <(echo "$ops") <(echo "$rows"))
if [[ -n $missing ]]; then
  echo "gradient_rows: ops of autograd/*.h without a row \"name\" in tests/*gradient*:"
  echo "$missing" | sed 's/^/  /'
  exit 1
fi
echo "gradient_rows: $(echo "$ops" | grep -c . || true) ops, each has a row"
