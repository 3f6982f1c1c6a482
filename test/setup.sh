#!/bin/sh
# Installs the Debian packages that the end-to-end tests need; without root it says which are missing.
# The original daemon and its clients are not in the list: installing them would take over this machine's
# /etc/resolv.conf. The kit downloads and unpacks them into a cache folder instead (test/lab/kit/debian.ts).
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C # what apt says is read

missing=''
need() { # COMMAND PACKAGE
  PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null || missing="$missing $2"
}
need ip iproute2
need unshare util-linux
need setpriv util-linux
need mount mount
need hostname hostname
need dbus-daemon dbus-daemon
need dbus-monitor dbus-bin
need gdbus libglib2.0-bin
need dig bind9-dnsutils
need dnsmasq dnsmasq-base
need python3 python3
need curl curl
need ping iputils-ping
need tmux tmux
need groff groff-base
# The NSS module and its tests.
need gcc gcc
need make make
need readelf binutils
# Private certificate authorities for DNS over TLS.
need openssl openssl
# `--package`: what builds the Debian package, looks it over, and makes the machines it is installed on.
if [ "${1:-}" = --package ]; then
  need dpkg-deb dpkg
  need lintian lintian
  need mmdebstrap mmdebstrap
fi
[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
# For what it depends on: the unpacked programs are linked against the same libraries.
dpkg-query -W -f '${Status}' libsystemd-shared 2>/dev/null | grep -q 'ok installed' || missing="$missing libsystemd-shared"

candidate() {
  apt-cache policy systemd-resolved 2>/dev/null | grep -q 'Candidate: [0-9]'
}

# What a network spoils once, or old package lists do, goes well the second time. Another apt is waited for.
apt() {
  for attempt in 1 2 3; do
    apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 "$@" && return
    echo "apt-get $1 failed, attempt $attempt of 3" >&2
    sleep 3
    apt-get -qq update || true
  done
  return 1
}

# The same places as in test/lab/kit/world.ts.
private_machine() {
  [ "$(id -u)" -eq 0 ] || set -- --map-root-user
  unshare "$@" --net --mount --uts --ipc --pid --fork --kill-child \
    sh -c 'mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /run && ip link set lo up'
}

if [ "$(id -u)" -eq 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  if [ -n "$missing" ] || ! candidate; then apt update; fi
  # shellcheck disable=SC2086 # a list of words
  if [ -n "$missing" ]; then apt install -y --no-install-recommends $missing && missing=''; fi
  # The daemon under test is an ordinary user's and reads this clone, whatever the umask it was made with.
  find . -path ./.git -prune -o ! -type l ! -perm -o=r -exec chmod go+rX {} +
fi

if [ -n "$missing" ]; then
  echo "The end-to-end tests need Debian packages that are not installed. As root:" >&2
  echo "  apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
if ! candidate; then
  if [ "$(id -u)" -eq 0 ]; then
    echo 'apt has no systemd-resolved to download, which the end-to-end tests compare with. They need Debian 12.' >&2
    exit 1
  fi
  echo "The end-to-end tests download systemd-resolved, and apt has no package lists. As root: apt-get update" >&2
  exit 1
fi
if ! private_machine; then
  echo 'The end-to-end tests build private machines out of namespaces, which is refused here. They need root with' >&2
  echo 'CAP_SYS_ADMIN and CAP_NET_ADMIN (in a container: --privileged), or unprivileged user namespaces.' >&2
  exit 1
fi
