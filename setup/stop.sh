#!/usr/bin/env bash
# stop.sh PID-FILE: end the panel whose pid `make run` wrote down, and only that.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

file=$1
limit_s=40

is_panel() {
    [[ -r $file ]] && pid=$(<"$file") && [[ $pid =~ ^[0-9]+$ ]] &&
        [[ "$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")" == *"manage.py serve"* ]]
}

if ! is_panel; then
    rm -f "$file"
    say "No panel of \`make run\` is running."
    exit 0
fi
kill -TERM "$pid"
for ((i = 0; i < limit_s * 10; i++)); do
    is_panel || break
    sleep 0.1
done
is_panel && die "The panel (pid $pid) has not ended within $limit_s s; it may be finishing an operation."
rm -f "$file"
say "The panel has ended."
