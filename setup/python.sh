#!/usr/bin/env bash
# Make .venv and install the locked requirements, each by its hash; does nothing when they are those of the last time.
# Usage: python.sh [FOLDER], another one than .venv.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A pip or a Python set up for another project must not reach in here.
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV PIP_REQUIRE_VIRTUALENV PIP_USER PIP_TARGET PIP_PREFIX
PYTHON=${PYTHON:-python3}
VENV=$ROOT/${1:-.venv}
STAMP=$VENV/.requirements

wanted() { (cd "$ROOT" && cat requirements-dev.lock && echo "$ROOT") | sha256sum | cut -c1-64; }
is_current() { [[ -x $VENV/bin/python && -r $STAMP && $(<"$STAMP") == "$(wanted)" ]] && "$VENV/bin/python" -c ''; }

make_venv() {
    # Through a link, --clear would empty the venv of another checkout.
    [[ ! -L $VENV ]] || die "$VENV is a link; remove it, so that this checkout gets a venv of its own:" "rm '$VENV'"
    # A venv that was moved, half-made or made by a Python that is gone is made anew.
    "$PYTHON" -m venv --clear "$VENV"
}

install() {
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes \
        -r "$ROOT/requirements-dev.lock"
}

is_current && exit 0
has "$PYTHON" || die "Python 3.11, 3.12 or 3.13 is missing:" "sudo apt-get install -y python3 python3-venv"
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "MC Admin needs Python 3.11, 3.12 or 3.13; name one with: make PYTHON=/path/to/python3.11 …"
"$PYTHON" -c 'import sys; sys.exit(sys.version_info >= (3, 14))' ||
    say "$("$PYTHON" --version) is newer than what MC Admin is tested on: 3.11, 3.12 and 3.13."
hold_lock python 9
is_current && exit 0
if ! "$VENV/bin/python" -c 'import pip' 2>/dev/null || [[ ! -x $VENV/bin/pip || $(head -n 1 "$VENV/bin/pip") != "#!$VENV/"* ]]; then
    if ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
        apt_install python3-venv
    fi
    timed "made ${VENV##*/}" make_venv
fi
timed "installed the Python requirements into ${VENV##*/}" install ||
    die "The requirements could not be installed from the Python package index that pip is configured for; the reason is above."
wanted >"$STAMP"
