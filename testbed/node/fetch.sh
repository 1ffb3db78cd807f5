#!/usr/bin/env bash
# Put node_modules (the server's and the bot's, with a Node of its own) into FOLDER. usage: fetch.sh FOLDER
# From IMAGE when that is given (no download), else from the npm registry that this machine is configured for.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../setup/lib.sh"

GAME_VERSION=1.16.1
HERE=$ROOT/testbed/node
FOLDER=$1
IMAGE=${2:-}

from_image() {
    local container
    container=$(docker create "$IMAGE" true)
    mkdir -p "$SCRATCH/new"
    docker cp --quiet "$container:/opt/stand-in/node_modules" "$SCRATCH/new/node_modules" || rm -rf "$SCRATCH/new"
    docker rm --volumes "$container" >/dev/null
    [[ -d $SCRATCH/new ]]
}

# No install script is run and no download address recorded.
from_registry() {
    has npm || apt_install npm
    mkdir -p "$SCRATCH/new"
    cp "$HERE"/package{,-lock}.json "$SCRATCH/new"
    (cd "$SCRATCH/new" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || return
    node "$HERE/prune.cjs" "$SCRATCH/new/node_modules" "$GAME_VERSION" || return
    mkdir -p "$SCRATCH/new/node_modules/.bin"
    ln -sf ../"$(cd "$SCRATCH/new/node_modules" && echo node-linux-*)"/bin/node "$SCRATCH/new/node_modules/.bin/node"
}

scratch_folder node
if [[ -n $IMAGE ]]; then from_image; else from_registry; fi
mkdir -p "$(dirname "$FOLDER")"
[[ -d $FOLDER ]] || mv "$SCRATCH/new" "$FOLDER"
