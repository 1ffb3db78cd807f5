#!/usr/bin/env bash
# Build the page into page/dist; does nothing when it was built from these very files.
# `page.sh npm ARGS...` runs npm in page/ with all that it needs; `page.sh node` prints where node is.
# Node comes from the machine when it is new enough, else from the package index of Python into .tools/node.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

PAGE=$ROOT/page
NODE_VENV=$TOOLS/node
LOCK=$ROOT/requirements-page.lock

# 20.19 is the oldest one that Vite runs on.
is_new_enough() { "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null; }

install_node() {
    "$ROOT/.venv/bin/python" -m venv --clear "$NODE_VENV"
    "$NODE_VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$LOCK"
    sha256sum <"$LOCK" >"$NODE_VENV/.requirements"
}

find_node() {
    if has node && has npm && is_new_enough node; then
        return
    fi
    if [[ ! -r $NODE_VENV/.requirements || $(<"$NODE_VENV/.requirements") != "$(sha256sum <"$LOCK")" ]]; then
        timed "installed Node for the page" install_node ||
            die "Node could not be installed from the Python package index; the reason is above."
    fi
    export PATH=$NODE_VENV/bin:$PATH
}

install_modules() {
    local stamp=$PAGE/node_modules/.mcadmin-lock
    [[ -r $stamp && $(<"$stamp") == "$(sha256sum <"$PAGE/package-lock.json")" ]] && return
    timed "installed what builds the page" npm ci --prefix "$PAGE" --ignore-scripts --no-audit --no-fund ||
        die "The page's packages could not be installed from the registry that npm is configured for; the reason is above."
    sha256sum <"$PAGE/package-lock.json" >"$stamp"
}

build() {
    npm run --silent --prefix "$PAGE" build
    printf '%s\n' "$1" >"$PAGE/dist/.built-from"
}

is_built() { [[ -r $PAGE/dist/.built-from && $(<"$PAGE/dist/.built-from") == "$1" ]]; }

sources=$("$PAGE/scripts/sources.sh")
[[ $# -gt 0 ]] || ! is_built "$sources" || exit 0
hold_lock page 9
[[ $# -gt 0 ]] || ! is_built "$sources" || exit 0
find_node
case ${1:-build} in
    node) command -v node ;;
    npm) install_modules && shift && cd "$PAGE" && exec npm "$@" ;;
    build) install_modules && { timed "built the page" build "$sources" || die "The page could not be built; the reason is above."; } ;;
    *) die "What is '$1'? It is: page.sh [node | npm ARGS...]" ;;
esac
