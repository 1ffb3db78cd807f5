#!/usr/bin/env bash
# Build deploy/Dockerfile as `mcadmin-testbed:panel` on this machine's engine, without a container registry: a Debian 13
# of our own as BASE, wheels fetched by the host's pip. Prints the image's name.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"

BASE=mcadmin-testbed:trixie
IMAGE=mcadmin-testbed:panel
LABEL=mcadmin.testbed.inputs
WHEELS=$ROOT/deploy/wheels

wheels() {
    rm -rf "$WHEELS"
    "$ROOT/.venv/bin/python" -m pip download --quiet --require-hashes --only-binary :all: --python-version 3.13 \
        --dest "$WHEELS" --requirement "$ROOT/requirements.lock"
    touch "$WHEELS/.complete"
}

"$ROOT/setup/engine.sh"
hold_lock testbed 9
docker image inspect "$BASE" >/dev/null 2>&1 || timed "built $BASE" "$ROOT/testbed/images/trixie.sh" "$BASE" "$LABEL=trixie"
[[ -e $WHEELS/.complete && $WHEELS/.complete -nt $ROOT/requirements.lock ]] || timed "fetched the panel's wheels" wheels
"$ROOT/setup/page.sh"
timed "built $IMAGE" env DOCKER_BUILDKIT=0 docker build --quiet --network host --tag "$IMAGE" \
    --build-arg BASE=$BASE --file "$ROOT/deploy/Dockerfile" "$ROOT"
echo "$IMAGE"
