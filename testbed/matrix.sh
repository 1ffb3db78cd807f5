#!/usr/bin/env bash
# Run on each Python that MC Admin promises the tests that need no tool, then the real ones; one line for each.
# A Python that is not here is named, and fails the run where nothing may be skipped.
# Usage: matrix.sh [--others | VERSION...], --others without that of .venv, on which `make test` runs.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"

VERSIONS=(3.11 3.12 3.13)
TOOLS_NEEDED="docker or restic or redis or browser or process"
LOGS=$ROOT/run/matrix

is_version() { [[ $("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) == "$2" ]]; }

# find_python VERSION: by its name in PATH, or among those of pyenv, newest first.
find_python() {
    local candidate
    while read -r candidate; do
        is_version "$candidate" "$1" && echo "$candidate" && return
    done < <(
        echo "python$1"
        printf '%s\n' "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1"*/bin/python3 | sort --version-sort --reverse
    )
    return 1
}

# tests LOG ARGUMENTS...: the last line of pytest; the failures and the log's place when there are any.
tests() {
    local log=$1
    shift
    if "$PY" -m pytest -q -p no:cacheprovider "$@" >"$log" 2>&1 </dev/null; then
        tail -n 1 "$log"
    else
        grep -E '^(FAILED|ERROR)' "$log" >&2 || tail -n 30 "$log" >&2
        echo "FAILED ($(tail -n 1 "$log"), see ${log#"$ROOT"/})"
        return 1
    fi
}

# on VERSION PYTHON: the tests in an environment of its own, or in .venv when that is of this version.
on() {
    local folder=.venv good=0 fast real
    if ! is_version "$ROOT/.venv/bin/python" "$1"; then
        folder=.venv-$1
        PYTHON=$2 "$ROOT/setup/python.sh" "$folder"
    fi
    PY=$ROOT/$folder/bin/python
    fast=$(tests "$LOGS/$1-fast.log" -n 2 -m "not long and not ($TOOLS_NEEDED)") || good=1
    real=$(tests "$LOGS/$1-real.log" -n 2 --dist loadfile -m "not long and ($TOOLS_NEEDED)") || good=1
    echo "$("$PY" --version): without tools $fast; real $real"
    return $good
}

cd "$ROOT"
mkdir -p "$LOGS"
others() { for version in "${VERSIONS[@]}"; do is_version .venv/bin/python "$version" || echo "$version"; done; }
case ${1:-} in
--others) mapfile -t versions < <(others) ;;
"") versions=("${VERSIONS[@]}") ;;
*) versions=("$@") ;;
esac
bad=0
for version in "${versions[@]}"; do
    if python=$(find_python "$version"); then
        on "$version" "$python" || bad=1
    else
        echo "Python $version: NOT ON THIS MACHINE, nothing was run"
        [[ ${MCADMIN_REQUIRE_REAL:-} == 1 ]] && bad=1
    fi
done
exit $bad
