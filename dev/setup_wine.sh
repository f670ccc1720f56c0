#!/bin/sh
# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Installs what tests/windows runs on: Wine with 64-bit Windows, the mingw C compiler for the COM server, Mono's C#
# compiler for the client. Debian's names; about 1.2 GB on disk with what they bring. Running it again does nothing.
# With --if-possible, what cannot be installed is named and is no failure: the tests then skip and say why.
set -eu

say() { printf 'setup: %s\n' "$*"; }
give_up() {
    printf 'setup: %s\n' "$*" >&2
    [ "$if_possible" = yes ] && exit 0
    exit 1
}
[ "${1:-}" = --if-possible ] && if_possible=yes || if_possible=no

missing=""
command -v wine >/dev/null 2>&1 && command -v wineserver >/dev/null 2>&1 || missing="$missing wine wine64"
command -v x86_64-w64-mingw32-gcc >/dev/null 2>&1 || missing="$missing gcc-mingw-w64-x86-64"
command -v mcs >/dev/null 2>&1 || missing="$missing mono-mcs"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    give_up "the tests in Wine need these packages (Debian names):$missing"
fi
say "installing$missing"
apt-get update -qq || true
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
    give_up "apt-get could not install$missing"
say "done"
