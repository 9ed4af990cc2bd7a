#!/bin/bash
# Prints the folder of Fashion-MNIST as IDX files (Xiao, Rasul & Vollgraf 2017), fetching it where
# it is not there: out of the Debian package dataset-fashion-mnist, into build/data, without
# installing anything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

package=dataset-fashion-mnist installed=/usr/share/datasets/fashion-mnist
folder=$PWD/build/data/fashion-mnist
names=(train-images-idx3-ubyte train-labels-idx1-ubyte
       t10k-images-idx3-ubyte t10k-labels-idx1-ubyte)
for name in "${names[@]}"; do [[ -s $folder/$name ]] || missing=1; done
if [[ -z ${missing:-} ]]; then
  echo "$folder"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
fetch() { (cd "$work" && apt-get download -q "$package") >&2; }
update=(apt-get update -q)
if [[ $(id -u) -eq 0 ]]; then
  # apt fetches as its own user, which must be able to write here.
  if getent passwd _apt >/dev/null; then chown _apt "$work"; fi
elif command -v sudo >/dev/null; then
  update=(sudo "${update[@]}")
fi
if [[ ! -s $installed/${names[0]}.gz ]]; then
  if ! command -v apt-get >/dev/null || ! { fetch || { "${update[@]}" >&2 && fetch; }; }; then
    echo "Fashion-MNIST could not be fetched (Debian package $package)." >&2
    echo "Put its files ${names[*]}, unpacked, into $folder and start again." >&2
    exit 1
  fi
  dpkg-deb -x "$work"/"$package"_*.deb "$work/package"
  installed=$work/package$installed
fi
mkdir -p "$folder"
for name in "${names[@]}"; do
  gunzip -c "$installed/$name.gz" >"$folder/$name.part"
  mv "$folder/$name.part" "$folder/$name"
done
echo "$folder"
