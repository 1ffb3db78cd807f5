#!/usr/bin/env bash
# Put two restic binaries into .tools/bin: `restic` (0.18, what the panel uses) and `restic-0.14` (the oldest
# one that it supports). Both are Debian's own packages, unpacked and not installed: a private source list, no root.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

NEW_SUITE=trixie
OLD_SUITE=bookworm
NEW=$TOOLS/bin/restic
OLD=$TOOLS/bin/restic-0.14

# apt with a state of its own: neither the machine's lists nor its caches are touched.
private_apt() {
    local state=$1
    shift
    "$@" -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- -o Dir::Etc::preferencesparts=- \
        -o Dir::State="$state/state" -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status" \
        -o Dir::Cache="$state/cache" -o APT::Sandbox::User= -o APT::Default-Release= -o Debug::NoLocking=1 \
        -o Acquire::Languages=none -o Acquire::Retries=3
}

# fetch_one STATE SUITE FILE
fetch_one() {
    local folder=$1/$2
    mkdir -p "$folder"
    (cd "$folder" && private_apt "$1" apt-get download "restic/$2") || return
    dpkg-deb -x "$folder"/restic_*.deb "$folder/root" || return
    "$folder/root/usr/bin/restic" version || return
    mv -f "$folder/root/usr/bin/restic" "$3"
}

fetch() {
    local uri keyring state=$SCRATCH
    read -r uri keyring < <(debian_mirror)
    mkdir -p "$state"/{state,lists/partial,cache/archives/partial}
    touch "$state/status"
    printf "deb [signed-by=$keyring] $uri %s main\n" "$NEW_SUITE" "$OLD_SUITE" >"$state/sources.list"
    private_apt "$state" apt-get update || return
    fetch_one "$state" "$NEW_SUITE" "$NEW" && fetch_one "$state" "$OLD_SUITE" "$OLD"
}

[[ -x $NEW && -x $OLD ]] && exit 0
hold_lock restic 9
[[ -x $NEW && -x $OLD ]] && exit 0
is_debian && has dpkg-deb && debian_mirror >/dev/null ||
    die "restic can be fetched by itself only where apt has a Debian mirror; put the two binaries there by hand:" \
        "$NEW         (restic 0.17 or newer; the panel needs only this one)" "$OLD    (restic 0.14, for the tests)"
rm -rf "$TOOLS"/restic.??????  # of a run that was killed
scratch_folder restic
timed "fetched restic from Debian $NEW_SUITE and $OLD_SUITE into .tools/bin" fetch ||
    die "restic could not be fetched from this machine's Debian mirror."
