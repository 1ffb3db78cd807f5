#!/usr/bin/env bash
# Bring up everything that the real tests need: engine, Compose, restic, images, the bot. Does only what is missing;
# says one line for each thing that it really did. An image carries a hash of what it was made from as a label.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"

HERE=$ROOT/testbed
LABEL=mcadmin.testbed.inputs
BASE=mcadmin-testbed:base
RUNTIME=mcadmin-testbed:runtime
TINY=mcadmin-testbed:tiny
SERVER=itzg/minecraft-server:java21
ALSO=(java8 java11 java17 java25) # the tags that the panel chooses among; all are the stand-in

# hash_of WORD|PATH...: of the words and of the contents, names and modes of the files.
hash_of() {
    local item
    for item in "$@"; do
        if [[ -e $item ]]; then
            (cd "$HERE" && find "${item#"$HERE"/}" -type f -printf '%m ' -exec sha256sum {} + | LC_ALL=C sort)
        else
            echo "$item"
        fi
    done | sha256sum | cut -c1-16
}

is_current() { [[ $(docker image inspect --format "{{index .Config.Labels \"$LABEL\"}}" "$1" 2>/dev/null) == "$2" ]]; }

# build IMAGE HASH CONTEXT DOCKERFILE BUILD-ARGUMENT. The old builder: it needs no plugin and no registry.
build() {
    DOCKER_BUILDKIT=0 docker build --quiet --network none --tag "$1" --label "$LABEL=$2" --build-arg "$5" \
        --file "$4" "$3"
}

base_hash=$(hash_of "$HERE/images/base.sh" "$(uname -m)")
tiny_hash=$(hash_of "$HERE/images/tiny.sh" "$(uname -m)")
packages_hash=$(hash_of "$HERE/node" "$(uname -m)")
runtime_hash=$(hash_of "$base_hash" "$packages_hash" "$HERE/server/Dockerfile.runtime")
server_hash=$(hash_of "$runtime_hash" "$HERE/server")
PACKAGES=$TOOLS/testbed/node-$packages_hash

need_packages() {
    [[ -d $PACKAGES ]] && return
    if is_current "$RUNTIME" "$runtime_hash"; then
        timed "took the Node packages out of $RUNTIME" "$HERE/node/fetch.sh" "$PACKAGES" "$RUNTIME"
    else
        timed "npm ci for the server and the bot" "$HERE/node/fetch.sh" "$PACKAGES"
    fi
}

need_server() {
    is_current "$SERVER" "$server_hash" && return
    if ! is_current "$RUNTIME" "$runtime_hash"; then
        is_current "$BASE" "$base_hash" ||
            timed "built $BASE" "$HERE/images/base.sh" "$BASE" "$LABEL=$base_hash"
        need_packages
        timed "built $RUNTIME" build "$RUNTIME" "$runtime_hash" "$PACKAGES" "$HERE/server/Dockerfile.runtime" BASE=$BASE
    fi
    timed "built $SERVER" build "$SERVER" "$server_hash" "$HERE/server" "$HERE/server/Dockerfile" RUNTIME=$RUNTIME
    # The ones that these took the names of.
    docker image prune --force --filter "label=$LABEL" >/dev/null
}

need_tags() {
    local tag
    for tag in "${ALSO[@]}"; do
        is_current "${SERVER%:*}:$tag" "$server_hash" || docker tag "$SERVER" "${SERVER%:*}:$tag"
    done
}

# A real server image in place of the stand-in.
need_given_image() {
    docker image inspect "$TESTBED_IMAGE" >/dev/null 2>&1 || timed "pulled $TESTBED_IMAGE" docker pull "$TESTBED_IMAGE"
}

"$ROOT/setup/engine.sh"
"$ROOT/setup/compose.sh"
"$ROOT/setup/restic.sh"
"$HERE/redis.sh"
"$HERE/sshd.sh"
hold_lock testbed 9
"$HERE/browser.sh"
# Counts the processes that a panel starts, by the kernel's own exec events.
has strace || timed "installed strace" apt-get install -y --no-install-recommends strace
# The program of a game that races restic for the machine's files is compiled by its tests.
has gcc || timed "installed a compiler" apt_install gcc libc6-dev
compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null || apt_install postgresql
is_current "$TINY" "$tiny_hash" || timed "built $TINY" "$HERE/images/tiny.sh" "$TINY" "$LABEL=$tiny_hash"
if [[ -n ${TESTBED_IMAGE:-} ]]; then
    need_given_image
else
    need_server
    need_tags
fi
need_packages
ln -sfn "node-$packages_hash" "$TOOLS/testbed/node"
