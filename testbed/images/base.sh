#!/usr/bin/env bash
# Make the image that the others stand on, without a container registry: debootstrap + docker import.
# Where there is no Debian mirror, the same system is pulled. usage: base.sh IMAGE LABEL
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../setup/lib.sh"

SUITE=bookworm
IMAGE=$1
LABEL=$2

pull() {
    docker pull debian:$SUITE-slim
    printf 'FROM debian:%s-slim\nLABEL %s\n' "$SUITE" "$LABEL" | DOCKER_BUILDKIT=0 docker build --tag "$IMAGE" -
}

bootstrap() {
    local uri keyring
    read -r uri keyring < <(debian_mirror)
    debootstrap --variant=minbase --keyring="$keyring" "$SUITE" "$SCRATCH/root" "$uri"
    rm -rf "$SCRATCH"/root/var/{cache/apt,lib/apt/lists}/* "$SCRATCH"/root/usr/share/{doc,man,locale,info}/*
    tar -C "$SCRATCH/root" --one-file-system --exclude './dev/*' -c . |
        docker import --change "LABEL $LABEL" --change 'CMD ["bash"]' - "$IMAGE"
}

if [[ -n ${TESTBED_BASE_FROM_REGISTRY:-} ]] || ! is_debian || ! debian_mirror >/dev/null; then
    pull
    exit
fi
is_root || die "Only root can make the base image with debootstrap; type one of:" "sudo $ROOT/testbed/up.sh" \
    "TESTBED_BASE_FROM_REGISTRY=1 $ROOT/testbed/up.sh    # where a container registry can be reached"
has debootstrap || apt_install debootstrap
scratch_folder base
bootstrap
