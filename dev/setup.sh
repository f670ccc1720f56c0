#!/bin/sh
# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes what the project is developed with: the system packages and a private virtual environment in .venv,
# from exact locked versions. Running it again does nothing unless the lock changed.
set -eu
cd "$(dirname "$0")/.."
. dev/python.sh

missing=""
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
command -v osslsigncode >/dev/null 2>&1 || missing="$missing osslsigncode"
command -v git >/dev/null 2>&1 || missing="$missing git"
PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null | grep -q 'libarchive\.so\.13' || missing="$missing libarchive-tools"
newest_python 11 14 >/dev/null || missing="$missing python3-venv"

# Installed when we may, named when we may not
if [ -n "$missing" ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        fail "please install these packages first (Debian names):$missing"
    fi
    say "installing$missing"
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

python=$(newest_python 11 14) || fail "no Python 3.11 to 3.14 with the venv module found"
make_environment .venv "$python" dev/requirements.lock
