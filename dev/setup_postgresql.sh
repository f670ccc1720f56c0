#!/bin/sh
# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Installs the PostgreSQL server that the tests run for themselves. Debian's names; no cluster is made for the system and
# no service is started. Running it again does nothing.
# With --if-possible, what cannot be installed is named and is no failure: the tests then skip and say why.
set -eu

say() { printf 'setup: %s\n' "$*"; }
give_up() {
    printf 'setup: %s\n' "$*" >&2
    [ "$if_possible" = yes ] && exit 0
    exit 1
}
[ "${1:-}" = --if-possible ] && if_possible=yes || if_possible=no

for program in /usr/lib/postgresql/*/bin/initdb "$(command -v initdb || true)"; do
    [ -x "$program" ] && exit 0
done

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    give_up "the tests with a real PostgreSQL need this package (Debian name): postgresql"
fi
install() {
    # Packages start their services through invoke-rc.d, which leaves that alone in run level 1.
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null ||
        give_up "apt-get could not install $1"
}
say "installing postgresql"
apt-get update -qq || true
# The server's package makes a cluster for the system unless this says otherwise while it is installed.
install postgresql-common
rule="create_main_cluster = false"
settings=/etc/postgresql-common/createcluster.conf
kept=$(cat "$settings")
trap 'printf "%s\n" "$kept" > "$settings"' EXIT
printf '%s\n' "$rule" >> "$settings"
install postgresql
say "done"
