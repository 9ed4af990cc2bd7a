#!/bin/bash
# Every path that the documents name exists, and the documents keep their lengths.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

failures=0
wrong() {
  echo "$1"
  failures=$((failures + 1))
}

shopt -s nullglob
checked=0
for document in README.md ARCHITECTURE.md CONTRIBUTING.md docs/*.md; do
  if [[ ! -f $document ]]; then
    wrong "$document: missing"
    continue
  fi
  while IFS= read -r path; do
    path=${path#[^A-Za-z0-9_.]}
    path=${path#./}
    path=${path#heed/}
    path=${path%%[.,:]}
    # shellcheck disable=SC2206
    matches=($path)   # unquoted: a path may hold a *
    checked=$((checked + 1))
    [[ -e ${matches[0]:-$path} ]] || wrong "$document: names $path, which does not exist"
  done < <(
    folders='(core|autograd|nn|optim|models|tools|tests|docs|cmake|\.ci)'
    grep -oE "(^|[^A-Za-z0-9_./-])(\./|heed/)?$folders/[A-Za-z0-9_.*/-]*" "$document" || true
    # Links of Markdown to files beside the document; in code, ]( begins a lambda's arguments.
    sed '/^ *```/,/^ *```/d' "$document" | grep -oE '\]\([A-Za-z0-9_./-]+' |
      sed "s|^](|$(dirname "$document")/|" || true
  )
done

limit() {   # file, lines
  if [[ -f $1 && $(wc -l <"$1") -gt $2 ]]; then wrong "$1: more than $2 lines"; fi
}
limit ARCHITECTURE.md 200

if [[ $failures -gt 0 ]]; then
  echo "documents: $failures wrong places"
  exit 1
fi
echo "documents: $checked paths, all exist"
