#!/bin/sh
# Real text to translate, on any Debian machine: tools/data/debian-descriptions.sh LANG [OUT]
#
# Asks apt for the English package descriptions and their translations into LANG (fr, de, ja, ...;
# the Debian Description Translation Project), with a list folder of its own: no root needed, and
# nothing of the system changes. Writes one text a line, line by line translations of each other:
#   OUT/synopses/{train,valid,test}.{en,LANG}     the one-line descriptions
#   OUT/paragraphs/{train,valid,test}.{en,LANG}   the paragraphs and list items of the long ones
# Which part a package is in depends on its name alone: 90 % train, 5 % each for valid and test.
# No English text stands twice, so none of valid and test is in train.
# OUT is build/data/debian-LANG unless given.
set -eu
LC_ALL=C
export LC_ALL

if [ $# -lt 1 ] || [ $# -gt 2 ] || [ "$1" = en ] ||
  ! printf '%s\n' "$1" | grep -Eq '^[a-z][a-z][a-z]?(_[A-Z][A-Z])?$'; then
  echo "usage: $0 LANG [OUT]     LANG: a language of Debian's translations: fr, de, pt_BR" >&2
  exit 2
fi
language=$1
out=${2:-$(dirname "$0")/../../build/data/debian-$language}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"

# Only the translations: the lists of packages themselves are larger and not needed.
apt-get update -q -o Acquire::Languages="$language,en" \
  -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" \
  -o APT::Sandbox::User="$(id -un)" \
  -o Acquire::IndexTargets::deb::Packages::DefaultEnabled=false >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  echo "$0: apt could not fetch its lists" >&2
  exit 1
}

# One line for each package: name, hash of the English text, synopsis, and the pieces of the long
# description with a unit separator before each. Whatever compression apt keeps them in.
pieces() {
  for list in "$work"/lists/*_i18n_Translation-"$1" "$work"/lists/*_i18n_Translation-"$1".*; do
    [ ! -f "$list" ] || /usr/lib/apt/apt-helper cat-file "$list"
    echo
  done | awk '
    function end_piece() {
      if (piece != "") all = all "\037" piece
      piece = ""; item = verbatim = 0
    }
    function end_package() {
      end_piece()
      if (name != "" && hash != "" && synopsis != "")
        print name "\t" hash "\t" synopsis "\t" all
      name = hash = synopsis = all = ""
    }
    { gsub(/[\t\r\037]/, " "); sub(/ +$/, "") }
    /^$/ { end_package(); next }
    /^Package:/ { name = $2; next }
    /^Description-md5:/ { hash = $2; next }
    /^Description-/ { sub(/^[^:]*: */, ""); synopsis = $0; next }
    /^ \.$/ { end_piece(); next }
    /^ / {
      text = $0
      sub(/^ +/, "", text)
      indented = $0 ~ /^  /
      if (text ~ /^([*+-]|•) +[^ ]/) {        # a list item, and below it what belongs to it
        end_piece()
        sub(/^([*+-]|•) +/, "", text)
        item = 1
      } else if (indented && !item) {         # a line that is shown as it stands
        end_piece()
        verbatim = 1
      } else if (!indented && (item || verbatim)) {
        end_piece()
      }
      gsub(/ +/, " ", text)
      piece = piece == "" ? text : piece " " text
    }
    END { end_package() }'
}

pieces en >"$work/en"
pieces "$language" >"$work/$language"
if [ ! -s "$work/$language" ] || [ ! -s "$work/en" ]; then
  cat "$work/log" >&2
  echo "$0: apt's sources have no package descriptions in $language" >&2
  exit 1
fi

mkdir -p "$out/synopses" "$out/paragraphs"
rm -f "$out"/synopses/*."$language" "$out"/paragraphs/*."$language"
rm -f "$out"/synopses/*.en "$out"/paragraphs/*.en

# The same package and the same English text; a long description only where both have as many
# pieces. Train comes first, so that what it has is left out of valid and test.
awk -F '\t' -v first="$work/$language" '
  BEGIN {
    for (i = 32; i < 127; ++i) code[sprintf("%c", i)] = i
    while ((getline line <first) > 0) {
      split(line, field, "\t")
      translated[field[1], field[2]] = line
    }
  }
  function part_of(name,   i, sum) {
    for (i = 1; i <= length(name); ++i) sum = (sum * 131 + code[substr(name, i, 1)]) % 1000003
    return sum % 20 == 0 ? "2test" : sum % 20 == 1 ? "1valid" : "0train"
  }
  function pair(kind, english, other) {
    if (english != other && english != "" && other != "" && other !~ /<trans>/)
      print part "\t" kind "\t" english "\t" other
  }
  ($1, $2) in translated {
    split(translated[$1, $2], other, "\t")
    delete translated[$1, $2]
    part = part_of($1)
    pair("synopses", $3, other[3])
    count = split($4, ours, "\037")
    if (count != split(other[4], theirs, "\037")) next
    for (i = 2; i <= count; ++i) pair("paragraphs", ours[i], theirs[i])
  }' "$work/en" | sort -s -k 1,1 |
  awk -F '\t' -v out="$out" -v language="$language" '
    met[$2, $3]++ { next }
    {
      file = out "/" $2 "/" substr($1, 2)
      print $3 >(file ".en")
      print $4 >(file "." language)
    }'

echo "$(wc -l <"$work/$language") translated descriptions"
for kind in synopses paragraphs; do
  for part in train valid test; do
    echo "$(wc -l <"$out/$kind/$part.en") $out/$kind/$part.{en,$language}"
  done
done
