# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Sourced by the set-up scripts: finding an interpreter, and making a virtual environment from a lock file.
# shellcheck shell=sh

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# newest_python FIRST LAST: prints the newest CPython from 3.FIRST to 3.LAST that can make a virtual environment.
newest_python() {
    # pyenv's own folder, also where HOME is not its owner's
    pyenv_versions=$(command -v pyenv >/dev/null 2>&1 && printf '%s/versions' "$(dirname "$(dirname "$(readlink -f "$(command -v pyenv)")")")") || true
    minor=$2
    while [ "$minor" -ge "$1" ]; do
        for candidate in "python3.$minor" $(ls -d "$pyenv_versions"/3."$minor".*/bin/python 2>/dev/null) python3; do
            if "$candidate" -c "import ensurepip, sys; sys.exit(sys.version_info[:2] != (3, $minor))" 2>/dev/null; then
                printf '%s\n' "$candidate"
                return 0
            fi
        done
        minor=$((minor - 1))
    done
    return 1
}

# make_environment FOLDER PYTHON LOCK: exactly what the lock says; does nothing where that stands already.
make_environment() {
    wanted="$("$2" --version) $(cksum < "$3")"
    if [ -f "$1/.stamp" ] && [ "$(cat "$1/.stamp")" = "$wanted" ]; then
        return 0
    fi
    say "making $1 with $("$2" --version)"
    rm -rf "$1"
    "$2" -m venv "$1"
    "$1/bin/python" -m pip --quiet --disable-pip-version-check install --require-hashes -r "$3"
    printf '%s' "$wanted" > "$1/.stamp"
}
