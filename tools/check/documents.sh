#!/bin/bash
# Every path that the documents name exists, the documents keep their lengths, and every step of the
# road has its program, its page with number and picture, its source and its measurement.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

failures=0
wrong() {
  echo "$1"
  failures=$((failures + 1))
}

shopt -s nullglob
checked=0
for document in README.md ARCHITECTURE.md CONTRIBUTING.md docs/*.md docs/road/*.md; do
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

number=0
source_named='^\{"[^"]*", *"[^"]*", *"([^"]*\)|-)"'   # the third string ends in one, or is "-"
while IFS= read -r entry; do
  name=$(cut -d '"' -f 2 <<<"$entry")
  number=$((number + 1))
  page=$(printf 'docs/road/%02d-%s.md' "$number" "$name")
  for file in "tools/tutorials/$name.cpp" "$page" "docs/road/$name.svg"; do
    [[ -f $file ]] || wrong "tools/tutorials/road.h: step $name needs $file"
  done
  [[ $entry =~ $source_named ]] ||
    wrong "tools/tutorials/road.h: $name does not say where its number was published"
  grep -q "($(basename "$page"))" docs/road/README.md || wrong "docs/road/README.md: no $page"
  if [[ -n ${before:-} ]] && ! tail -n 1 "$before" | grep -q "($(basename "$page"))$"; then
    wrong "$before: does not lead to $page (tools/tutorials/number_pages.sh)"
  fi
  before=$page
  grep -q "^| $name |" docs/reproductions.md || wrong "docs/reproductions.md: no row of $name"
  if [[ -f $page ]]; then
    for part in Claim Equation Program Output Exercise; do
      grep -q "^\*\*$part\.\*\*" "$page" || wrong "$page: no part called $part"
    done
  fi
done < <(sed -n '/ road\[\] = {/,/^};/p' tools/tutorials/road.h | tr -d '\n' |
  sed 's/" *"//g' | grep -oE '\{"[^}]*\}')
[[ $number -gt 0 ]] || wrong "tools/tutorials/road.h: no steps found"

limit() {   # file, lines
  if [[ -f $1 && $(wc -l <"$1") -gt $2 ]]; then wrong "$1: more than $2 lines"; fi
}
limit ARCHITECTURE.md 200

if [[ $failures -gt 0 ]]; then
  echo "documents: $failures wrong places"
  exit 1
fi
echo "documents: $checked paths and $number steps of the road, all there"
