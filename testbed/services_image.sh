#!/usr/bin/env bash
# Build `mcadmin-testbed:services`, which stands for the images of PostgreSQL and Redis that deploy/compose.yaml names.
# Prints the image's name. testbed/panel_image.sh has made its BASE.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"

IMAGE=mcadmin-testbed:services
hold_lock testbed 9
timed "built $IMAGE" env DOCKER_BUILDKIT=0 docker build --quiet --network host --tag "$IMAGE" \
    --build-arg BASE=mcadmin-testbed:trixie "$ROOT/testbed/images/services"
echo "$IMAGE"
