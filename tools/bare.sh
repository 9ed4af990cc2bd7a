#!/bin/bash
# Runs quickstart.sh and test.sh on a really bare Debian: a fresh root made by debootstrap, with the
# sources copied in. Usage (as root): bare.sh bookworm|trixie [OPTION...]
#   --only SCRIPT   one of the two
#   --user          as an ordinary user with sudo instead of root
#   --keep          leave the root behind and print its path
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/phases.sh"

usage() {
  sed -n '3,6s/^# //p' "${BASH_SOURCE[0]}" >&2
  exit 2
}
suite="" keep=no user=root scripts=(quickstart test)
while [[ $# -gt 0 ]]; do
  case $1 in
    --only) [[ ${2:-} == quickstart || ${2:-} == test ]] || usage; scripts=("$2"); shift ;;
    --user) user=stranger ;;
    --keep) keep=yes ;;
    -*) usage ;;
    *) [[ -z $suite ]] || usage; suite=$1 ;;
  esac
  shift
done
[[ -n $suite ]] || usage
[[ $(id -u) -eq 0 ]] || { echo "bare.sh needs root, for chroot" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "bare.sh needs debootstrap" >&2; exit 1; }

root=$(mktemp -d "${TMPDIR:-/tmp}/heed-bare-$suite-XXXXXX")
chmod 755 "$root"
clean_up() {
  local left=0
  for folder in dev/shm dev proc; do
    if mountpoint -q "$root/$folder"; then umount -l "$root/$folder" || left=1; fi
  done
  # Never remove through a mount that could not be undone.
  if [[ $left -ne 0 || $keep == yes ]]; then
    echo "the root is in $root"
  else
    rm -rf --one-file-system "$root"
  fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# The new root reaches its packages in the way this machine does: same resolver, same settings of
# apt for fetching, same certificates.
carry_settings() {
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  apt-config dump | grep -E '^Acquire::(https?|Retries|Check-)' \
    >"$root/etc/apt/apt.conf.d/90host" || true
  if [[ -d /etc/ssl/certs ]]; then
    mkdir -p "$root/etc/ssl"
    cp -rL /etc/ssl/certs "$root/etc/ssl/" 2>/dev/null || true
  fi
}
carry_sources() {
  mkdir -p "$root/src/heed"
  (cd "$heed_root" && git ls-files -z --cached --others --exclude-standard |
    xargs -0 tar -cf -) | tar -C "$root/src/heed" -xf -
}
mount_system() {
  mount --bind /dev "$root/dev"
  mount -t proc proc "$root/proc"
}

inside() {   # USER COMMAND...
  local who=$1
  shift
  chroot --userspec="$who" "$root" /usr/bin/env -i HOME=/src LANG=C.UTF-8 TERM="${TERM:-dumb}" \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
make_user() {
  inside root apt-get update -q
  inside root apt-get install -y -q --no-install-recommends sudo
  inside root useradd --home-dir /src "$user"
  echo "$user ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$user"
  chroot "$root" chown -R "$user" /src
}

# The mirror that this machine uses, or else debootstrap's own.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' \
  2>/dev/null | sed -n 1p) || true
phase "debootstrap $suite" debootstrap --variant=minbase "$suite" "$root" ${mirror:+"$mirror"}
carry_settings
carry_sources
mount_system
if [[ $user != root ]]; then phase "a user with sudo" make_user; fi
times=()
for script in "${scripts[@]}"; do
  printf '\n=== %s: tools/%s.sh\n' "$suite" "$script"
  began=$SECONDS
  inside "$user" "/src/heed/tools/$script.sh"
  times+=("$suite: tools/$script.sh passed in $((SECONDS - began)) s")
done
echo
printf '%s\n' "${times[@]}"
