#!/usr/bin/env bash
# Write requirements.lock, requirements-dev.lock, requirements-page.lock and setup/compose.lock: everything that the pins of requirements*.txt
# and setup/compose.txt bring, with hashes, for Python 3.11 and newer on every Linux. What is locked already stays as long as it fits; `--upgrade` renews it.
# Usage: lock.sh [--upgrade]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# uv reads no configuration of pip: the index that pip is configured for is handed over. Its name goes into no file.
index=$("$ROOT/.venv/bin/python" -m pip --disable-pip-version-check config get global.index-url 2>/dev/null || true)
index=${PIP_INDEX_URL:-$index}
[[ -z $index ]] || export UV_DEFAULT_INDEX=$index

compile() {
    "$ROOT/.venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" "${@:3}" --output-file "$2" "$1"
}

cd "$ROOT"
timed "wrote requirements.lock" compile requirements.txt requirements.lock "$@" ||
    die "The requirements could not be resolved; the reason is above."
# The same versions for development as for the panel.
timed "wrote requirements-dev.lock" compile requirements-dev.txt requirements-dev.lock --constraint requirements.lock "$@" ||
    die "The requirements could not be resolved; the reason is above."
timed "wrote setup/compose.lock" compile setup/compose.txt setup/compose.lock "$@" ||
    die "Compose's package could not be resolved; the reason is above."
timed "wrote requirements-page.lock" compile requirements-page.txt requirements-page.lock "$@" ||
    die "The package of Node could not be resolved; the reason is above."
