# What the scripts of setup/ and testbed/ share. To be sourced, not run.
# shellcheck shell=bash

# The caller may be a make or a test with variables of its own; only these names are ours.
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
TOOLS="$ROOT/.tools"
export DEBIAN_FRONTEND=noninteractive

say() { printf '%s\n' "$*" >&2; }

# One sentence about what is impossible, then the commands to type, one an argument.
die() {
    say "$1"
    shift
    local line
    for line in "$@"; do say "    $line"; done
    exit 1
}

# timed TEXT COMMAND...: do it, and say in one line what was done and how long it took.
# Output is kept back and shown only on failure.
timed() {
    local text=$1 started=$EPOCHREALTIME output took
    shift
    output="$(mktemp)"
    if ! "$@" >"$output" 2>&1 </dev/null; then
        say "failed: $text"
        tail -n 30 "$output" >&2
        rm -f "$output"
        return 1
    fi
    rm -f "$output"
    took=$(((${EPOCHREALTIME/[.,]/} - ${started/[.,]/}) / 100000))
    say "$text ($((took / 10)).$((took % 10)) s)"
}

is_root() { [[ $(id -u) == 0 ]]; }
has() { command -v "$1" >/dev/null 2>&1; }

os_field() { (. /etc/os-release 2>/dev/null && eval "printf '%s' \"\${$1:-}\""); }
is_debian() { [[ $(os_field ID) == debian ]]; }
has_apt() { has apt-get && has dpkg; }

# scratch_folder NAME: sets SCRATCH, a folder under .tools (same file system as its targets) that goes at exit.
scratch_folder() {
    mkdir -p "$TOOLS/bin"
    SCRATCH=$(mktemp -d "$TOOLS/$1.XXXXXX")
    trap 'rm -rf "$SCRATCH"' EXIT
}

# hold_lock NAME FILE-DESCRIPTOR: one at a time; freed when the descriptor is closed.
hold_lock() {
    local folder=$TOOLS/lock
    [[ $1 == engine ]] && folder=/run/mcadmin
    mkdir -p "$folder"
    eval "exec $2>\"$folder/$1.lock\""
    flock --wait 600 "$2" || die "Another $1 set-up has been running for ten minutes; look for it and try again."
}

# is_process PID-FILE NAME: the pid in the file is alive and is that program (pids are used again after a reboot).
# A killed process that nobody has waited for yet still has its name, but no command line.
is_process() {
    local pid
    [[ -r $1 ]] && pid=$(<"$1") && [[ $pid =~ ^[0-9]+$ ]] &&
        [[ $(cat "/proc/$pid/comm" 2>/dev/null) == "$2" && -n $(tr -d '\0' 2>/dev/null <"/proc/$pid/cmdline") ]]
}

# end_process PID-FILE NAME SECONDS: SIGTERM, then SIGKILL; the file goes too.
end_process() {
    local pid i
    if is_process "$1" "$2"; then
        pid=$(<"$1")
        kill -TERM "$pid" 2>/dev/null || true
        for ((i = 0; i < $3 * 10; i++)); do
            is_process "$1" "$2" || break
            sleep 0.1
        done
        is_process "$1" "$2" && kill -KILL "$pid" 2>/dev/null
    fi
    rm -f "$1"
}

# start_detached LOG COMMAND...: in a session of its own and with none of the caller's files open, so that it
# outlives a make and never keeps a pipe or a lock of it.
start_detached() {
    local log=$1
    shift
    (
        for fd in /proc/"$BASHPID"/fd/*; do
            fd=${fd##*/}
            ((fd <= 2)) || eval "exec $fd>&-"
        done
        exec setsid --fork "$@" </dev/null >>"$log" 2>&1
    )
}

# apt_install PACKAGE...: the lists are fetched only when the install fails without.
apt_install() {
    has_apt || die "This machine has no apt; install these by hand: $*"
    is_root || die "Missing packages: $*. Only root can install them:" \
        "sudo apt-get install -y --no-install-recommends $*"
    timed "apt-get install $*" apt_install_quietly "$@"
}

apt_install_quietly() {
    local options=(-y --no-install-recommends -o DPkg::Lock::Timeout=120)
    apt-get install "${options[@]}" "$@" && return
    apt-get update -o DPkg::Lock::Timeout=120 && apt-get install "${options[@]}" "$@"
}

# The machine's own Debian mirror as "URI KEYRING". apt itself reads both formats of its source lists;
# the main archive is the first whose suite is this release and not one of its additions.
debian_mirror() {
    local uri keyring
    uri=$(apt-get update --print-uris -o Debug::NoLocking=1 2>/dev/null |
        sed -n "s#^'\(.*\)/dists/$(os_field VERSION_CODENAME)/\(In\)\?Release'.*#\1#p" | sed -n 1p)
    [[ -n $uri ]] || return 1
    keyring=$(keyring_of "$uri")
    [[ -r $keyring ]] || keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    printf '%s %s\n' "$uri" "$keyring"
}

# The keyring that the machine's sources name for URI, or nothing.
keyring_of() {
    local folder=${APT_SOURCES:-/etc/apt}
    {
        { cat "$folder"/sources.list.d/*.sources 2>/dev/null || true; } | awk -v uri="$1" 'BEGIN { RS = ""; FS = "\n" }
            index($0, uri) { for (i = 1; i <= NF; i++) if (tolower($i) ~ /^signed-by:/) { split($i, word, /[: ]+/); print word[2] } }'
        { cat "$folder"/sources.list "$folder"/sources.list.d/*.list 2>/dev/null || true; } |
            sed -n "\#$1#s/^deb .*signed-by=\([^] ]*\).*/\1/p"
    } | sed -n '/^\//{p;q}'
}
