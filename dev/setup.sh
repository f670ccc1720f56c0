#!/bin/sh
# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes what the project is developed with: the system packages and a private virtual environment in .venv,
# from exact locked versions. Running it again does nothing unless the lock changed.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# --- system packages: installed when we may, named when we may not
missing=""
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
command -v osslsigncode >/dev/null 2>&1 || missing="$missing osslsigncode"
command -v git >/dev/null 2>&1 || missing="$missing git"
PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null | grep -q 'libarchive\.so\.13' || missing="$missing libarchive-tools"

# --- the newest Python that the locked ansible-core supports
is_usable() { "$1" -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; }
# pyenv's own folder, also where HOME is not its owner's
pyenv_versions=$(command -v pyenv >/dev/null 2>&1 && printf '%s/versions' "$(dirname "$(dirname "$(readlink -f "$(command -v pyenv)")")")") || true
python=""
for minor in 14 13 12 11; do
    for candidate in "python3.$minor" $(ls -d "$pyenv_versions"/3."$minor".*/bin/python 2>/dev/null); do
        if is_usable "$candidate"; then python=$candidate; break 2; fi
    done
done
[ -n "$python" ] || missing="$missing python3-venv"

if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "installing$missing"
        apt-get update -qq
        # shellcheck disable=SC2086
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    else
        fail "please install these packages first (Debian names):$missing"
    fi
fi
if [ -z "$python" ]; then
    for candidate in python3.14 python3.13 python3.12 python3.11 python3; do
        if is_usable "$candidate"; then python=$candidate; break; fi
    done
fi
[ -n "$python" ] || fail "no Python 3.11 to 3.14 with the venv module found"

# --- the virtual environment
stamp=.venv/.stamp
wanted="$("$python" --version) $(cksum < dev/requirements.lock)"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi
say "making .venv with $("$python" --version)"
rm -rf .venv
"$python" -m venv .venv
.venv/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r dev/requirements.lock
printf '%s' "$wanted" > "$stamp"
say "done"
