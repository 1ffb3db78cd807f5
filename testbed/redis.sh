#!/usr/bin/env bash
# Put a redis-server into .tools/bin: the tests start it themselves, on a port of their own. Debian's package
# redis-tools holds the same program under another name; redis-server would start a service on this machine.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"

SERVER=$TOOLS/bin/redis-server

find_it() {
    local found
    for found in "$(command -v redis-server || true)" /usr/bin/redis-check-rdb; do
        [[ -x $found ]] && mkdir -p "$TOOLS/bin" && ln -sfn "$found" "$SERVER" &&
            "$SERVER" --version 2>/dev/null | grep -q '^Redis server' && return
    done
    rm -f "$SERVER"
    return 1
}

[[ -x $SERVER ]] && exit 0
find_it && exit 0
apt_install redis-tools
find_it && exit 0
die "redis-tools of this machine holds no server; put one there by hand:" "$SERVER"
