#!/usr/bin/env bash
# Make a Debian 13 with Python, the BASE of deploy/Dockerfile where no registry is reached. usage: trixie.sh IMAGE LABEL
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../setup/lib.sh"

SUITE=trixie
is_root || die "Only root can make this image with debootstrap:" "sudo $0 $*"
has debootstrap || apt_install debootstrap
scratch_folder trixie
read -r uri keyring < <(debian_mirror)
debootstrap --variant=minbase --keyring="$keyring" --include=python3-venv,ca-certificates "$SUITE" "$SCRATCH/root" "$uri"
rm -rf "$SCRATCH"/root/var/{cache/apt,lib/apt/lists}/* "$SCRATCH"/root/usr/share/{doc,man,locale,info}/*
tar -C "$SCRATCH/root" --one-file-system --exclude './dev/*' -c . |
    docker import --change "LABEL $2" --change 'CMD ["bash"]' - "$1"
