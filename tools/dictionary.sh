#!/bin/bash
# Prints the path of the CMU pronouncing dictionary in Festival form, fetching it where it is not
# there: out of the Debian package festlex-cmu, into build/data, without installing anything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

inside=usr/share/festival/dicts/cmu/cmudict-0.4.out
for file in "/$inside" "$PWD/build/data/cmudict-0.4.out"; do
  if [[ -s $file ]]; then
    echo "$file"
    exit 0
  fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
fetch() { (cd "$work" && apt-get download -q festlex-cmu) >&2; }
update=(apt-get update -q)
if [[ $(id -u) -eq 0 ]]; then
  # apt fetches as its own user, which must be able to write here.
  if getent passwd _apt >/dev/null; then chown _apt "$work"; fi
elif command -v sudo >/dev/null; then
  update=(sudo "${update[@]}")
fi
if ! command -v apt-get >/dev/null || ! { fetch || { "${update[@]}" >&2 && fetch; }; }; then
  echo "The CMU dictionary could not be fetched (Debian package festlex-cmu)." >&2
  echo "Put its file cmudict-0.4.out into $PWD/build/data and start again." >&2
  exit 1
fi
dpkg-deb -x "$work"/festlex-cmu_*.deb "$work/package"
mkdir -p build/data
cp "$work/package/$inside" build/data/cmudict-0.4.out.part
mv build/data/cmudict-0.4.out.part build/data/cmudict-0.4.out
echo "$PWD/build/data/cmudict-0.4.out"
