#!/bin/sh
# Installs the Debian packages that the end-to-end tests need; without root it says which are missing.
# The original daemon and its clients are not in the list: installing them would take over this machine's
# /etc/resolv.conf. The kit downloads and unpacks them into a cache folder instead (test/lab/kit/debian.ts).
set -eu

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
[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
# For what it depends on: the unpacked programs are linked against the same libraries.
dpkg-query -W -f '${Status}' libsystemd-shared 2>/dev/null | grep -q 'ok installed' || missing="$missing libsystemd-shared"

candidate() {
  apt-cache policy systemd-resolved 2>/dev/null | grep -q 'Candidate: [0-9]'
}

if [ "$(id -u)" -eq 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  if [ -n "$missing" ] || ! candidate; then apt-get update -qq; fi
  # shellcheck disable=SC2086 # a list of words
  if [ -n "$missing" ]; then apt-get install -y -qq --no-install-recommends $missing; fi
  exit 0
fi

if [ -n "$missing" ]; then
  echo "The end-to-end tests need Debian packages that are not installed. As root:" >&2
  echo "  apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
if ! candidate; then
  echo "The end-to-end tests download systemd-resolved, and apt has no package lists. As root: apt-get update" >&2
  exit 1
fi
