#!/bin/sh
# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Installs the web servers that the role distribution_point is tested against, and what the benchmarks compare with.
# Debian's names; no service is started or left enabled. Running it again does nothing.
# With --if-possible, what cannot be installed is named and is no failure: the tests then skip and say why.
set -eu

say() { printf 'setup: %s\n' "$*"; }
give_up() {
    printf 'setup: %s\n' "$*" >&2
    [ "$if_possible" = yes ] && exit 0
    exit 1
}
[ "${1:-}" = --if-possible ] && if_possible=yes || if_possible=no
PATH=$PATH:/usr/sbin:/sbin

missing=""
command -v lighttpd >/dev/null 2>&1 || missing="$missing lighttpd"
command -v apache2 >/dev/null 2>&1 || missing="$missing apache2"
command -v nginx >/dev/null 2>&1 || missing="$missing nginx-light"
command -v aria2c >/dev/null 2>&1 || missing="$missing aria2"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    give_up "the tests with real web servers and the benchmarks need these packages (Debian names):$missing"
fi
say "installing$missing"
apt-get update -qq || true
# Packages start their services through invoke-rc.d, which leaves that alone in run level 1.
# shellcheck disable=SC2086
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
    give_up "apt-get could not install$missing"
if command -v systemctl >/dev/null 2>&1; then
    for package in $missing; do
        case $package in
            lighttpd | apache2) systemctl disable "$package" >/dev/null 2>&1 || true ;;
            nginx-light) systemctl disable nginx >/dev/null 2>&1 || true ;;
        esac
    done
fi
say "done"
