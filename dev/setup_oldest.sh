#!/bin/sh
# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes .venv-oldest with the oldest ansible-core that the collection supports, where a Python for it is at hand.
set -eu
cd "$(dirname "$0")/.."
. dev/python.sh

if python=$(newest_python 10 12); then
    make_environment .venv-oldest "$python" dev/requirements-oldest.lock
else
    say "no Python 3.10 to 3.12: what needs ansible-core 2.16 is skipped and says so"
fi
