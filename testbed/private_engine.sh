#!/usr/bin/env bash
# A second Docker engine for tests that must stop, restart or kill one. All that it has is in FOLDER, besides a bridge
# of its own; it touches no firewall rule, so the machine's main engine does not notice it.
# usage: private_engine.sh start|stop|restart|kill9 FOLDER        then: DOCKER_HOST=unix://FOLDER/docker.sock docker …
# PRIVATE_ENGINE_ARGS: further arguments for dockerd, such as --live-restore.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"

IMAGE=mcadmin-testbed:tiny
ALSO=itzg/minecraft-server:tiny

docker_here() { docker --host "unix://$FOLDER/docker.sock" "$@"; }
answers() { timeout 5 docker --host "unix://$FOLDER/docker.sock" version >/dev/null 2>&1; }

# A random name and network, kept in the folder for the next start. Never --bridge=none: that removes docker0.
make_bridge() {
    if [[ ! -e $FOLDER/bridge ]]; then
        printf 'mca%05x\n' $((RANDOM * 32 + RANDOM % 32)) >"$FOLDER/bridge"
        printf '%s\n' "10.$((200 + RANDOM % 50)).$((RANDOM % 256))" >"$FOLDER/network"
    fi
    local bridge
    bridge=$(<"$FOLDER/bridge")
    [[ -e /sys/class/net/$bridge ]] && return
    ip link add name "$bridge" type bridge
    ip address add "$(<"$FOLDER/network").1/24" dev "$bridge"
    ip link set "$bridge" up
}

remove_bridge() {
    [[ -e $FOLDER/bridge ]] || return 0
    ip link delete "$(<"$FOLDER/bridge")" 2>/dev/null || true
    rm -f "$FOLDER/bridge" "$FOLDER/network"
}

run_dockerd() {
    local i
    # Its pid file goes in any case: dockerd takes a dead process that nobody has waited for yet for a living one.
    end_process "$CONTAINERD_PID_FILE" containerd 5
    rm -f "$PID_FILE"
    touch "$FOLDER/running"
    # No --default-address-pool: with it every start but the first removes docker0, whosever that is.
    # shellcheck disable=SC2086
    start_detached "$FOLDER/dockerd.log" dockerd --host "unix://$FOLDER/docker.sock" --pidfile "$PID_FILE" \
        --data-root "$FOLDER/data" --exec-root "$FOLDER/exec" --config-file "$FOLDER/none.json" \
        --bridge "$(<"$FOLDER/bridge")" \
        --iptables=false --ip-masq=false --ip-forward=false --shutdown-timeout 5 ${PRIVATE_ENGINE_ARGS:-}
    for ((i = 0; i < 300; i++)); do
        answers && return
        sleep 0.1
    done
    tail -n 20 "$FOLDER/dockerd.log" >&2
    die "The private engine did not answer within 30 s."
}

start() {
    is_root || die "Only root can start a Docker engine; tests that need one of their own must run as root."
    has dockerd || "$ROOT/setup/engine.sh"
    has ip || apt_install iproute2
    # A socket's path has room for 108 bytes, and containerd's are longer than ours.
    ((${#FOLDER} <= 60)) || die "$FOLDER is too long for a socket's path; choose one of at most 60 characters."
    mkdir -p "$FOLDER"
    [[ -e $FOLDER/none.json ]] || echo '{}' >"$FOLDER/none.json"
    make_bridge
    is_process "$PID_FILE" dockerd && answers && return
    run_dockerd
    docker_here image inspect "$ALSO" >/dev/null 2>&1 && return
    docker save "$IMAGE" | docker_here load >/dev/null
    docker_here tag "$IMAGE" "$ALSO"
}

# After kill9 containers still run without a daemon; their processes are known by their cgroup.
kill_orphans() {
    local id file
    for id in "$FOLDER"/data/containers/*; do
        id=${id##*/}
        for file in $(grep -ls "$id" /proc/[0-9]*/cgroup); do
            kill -KILL "$(cut -d/ -f3 <<<"$file")" 2>/dev/null || true
        done
    done
}

# One mount for each dockerd that was killed; with them the folder cannot be removed. A container that has just ended
# may hold one for a moment longer; after 5 s the mount is taken out of the tree, and goes when its last user does.
unmount_data() {
    local tries=0
    while mountpoint -q "$FOLDER/data"; do
        umount --recursive "$FOLDER/data" 2>/dev/null && continue
        if ((++tries < 50)); then sleep 0.1; else umount --recursive --lazy "$FOLDER/data"; fi
    done
}

# Mounts, network devices and namespaces that a killed dockerd left are cleared by the next one: start it once more.
stop() {
    [[ -d $FOLDER ]] || return 0
    if [[ -e $FOLDER/running ]] && ! is_process "$PID_FILE" dockerd; then
        kill_orphans
        make_bridge
        PRIVATE_ENGINE_ARGS='' run_dockerd
        docker_here network prune --force >/dev/null
    fi
    docker_here ps --quiet 2>/dev/null | xargs -r docker --host "unix://$FOLDER/docker.sock" kill >/dev/null 2>&1 || true
    end_process "$PID_FILE" dockerd 20
    end_process "$CONTAINERD_PID_FILE" containerd 5
    unmount_data
    remove_bridge
    rm -f "$FOLDER/running"
}

kill9() {
    is_process "$PID_FILE" dockerd || die "No private engine runs in $FOLDER."
    kill -KILL "$(<"$PID_FILE")"
    local i
    for ((i = 0; i < 50; i++)); do
        is_process "$PID_FILE" dockerd || return 0
        sleep 0.1
    done
}

restart() {
    end_process "$PID_FILE" dockerd 20
    start
}

[[ $# == 2 ]] || die "usage: private_engine.sh start|stop|restart|kill9 FOLDER"
FOLDER=$(realpath -m "$2")
PID_FILE=$FOLDER/docker.pid
CONTAINERD_PID_FILE=$FOLDER/exec/containerd/containerd.pid
case $1 in
start | stop | restart | kill9) "$1" ;;
*) die "usage: private_engine.sh start|stop|restart|kill9 FOLDER" ;;
esac
