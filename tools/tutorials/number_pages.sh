#!/bin/bash
# Gives the pages of docs/road the numbers of their places in road.h, mends the links to them, and
# ends each page with links to its neighbours. Run it after a change of the list.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

mapfile -t names < <(sed -n '/ road\[\] = {/,/^};/p' tools/tutorials/road.h |
  grep -oE '^ +\{"[a-z0-9_]+"' | grep -oE '[a-z0-9_]+')
page() { printf '%02d-%s.md' "$(($1 + 1))" "${names[$1]}"; }

for i in "${!names[@]}"; do
  wanted=$(page "$i")
  for found in docs/road/[0-9][0-9]-"${names[$i]}.md"; do
    old=$(basename "$found")
    [[ $old == "$wanted" ]] && continue
    git mv "$found" "docs/road/$wanted"
    grep -rl --include='*.md' "$old" . --exclude-dir=build | xargs -r sed -i "s|$old|$wanted|g"
  done
done

for i in "${!names[@]}"; do
  file=docs/road/$(page "$i")
  links='[the road](README.md)'
  if ((i > 0)); then links="[${names[$((i - 1))]}]($(page $((i - 1)))) ← $links"; fi
  if ((i + 1 < ${#names[@]})); then links+=" → [${names[$((i + 1))]}]($(page $((i + 1))))"; fi
  sed -i -e '/\[the road\](README\.md)/d' "$file"
  sed -i -e ':a' -e '/^\n*$/{$d;N;ba' -e '}' "$file"   # no empty lines at the end
  printf '\n%s\n' "$links" >>"$file"
done
