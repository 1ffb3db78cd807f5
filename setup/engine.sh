#!/usr/bin/env bash
# Make sure that a Docker engine answers; `engine.sh stop` ends the one that this script started by hand.
#
# An engine that answers already (DOCKER_HOST included) is used as it is. On a machine with systemd the
# service is started; on one without, dockerd is started by hand, in a session of its own.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SOCKET=/var/run/docker.sock
PID_FILE=/run/mcadmin/dockerd.pid
LOG=/var/log/mcadmin/dockerd.log
CONTAINERD_PID_FILE=/var/run/docker/containerd/containerd.pid
START_LIMIT_S=60

answers() { has docker && timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# A SIGKILLed dockerd leaves its containerd behind, and the next dockerd waits in vain for it.
clear_left_overs() {
    rm -f "$PID_FILE"
    end_process "$CONTAINERD_PID_FILE" containerd 5
}

start_by_hand() {
    local i
    if is_process /var/run/docker.pid dockerd; then
        die "A dockerd that is not ours runs (pid $(</var/run/docker.pid)) but does not answer on $SOCKET."
    fi
    is_process "$PID_FILE" dockerd || clear_left_overs
    mkdir -p "$(dirname "$PID_FILE")" "$(dirname "$LOG")"
    # Docker's own default has room for only 31 Compose projects with a network each.
    is_process "$PID_FILE" dockerd || start_detached "$LOG" dockerd --host "unix://$SOCKET" \
        --pidfile "$PID_FILE" --default-address-pool base=172.16.0.0/12,size=24
    for ((i = 0; i < START_LIMIT_S * 10; i++)); do
        answers && return
        sleep 0.1
    done
    say "dockerd did not answer within $START_LIMIT_S s; the end of $LOG:"
    tail -n 20 "$LOG"
    return 1
}

refuse_what_is_impossible() {
    if [[ -n ${DOCKER_HOST:-} && $DOCKER_HOST != "unix://$SOCKET" && $DOCKER_HOST != unix:///run/docker.sock ]]; then
        die "DOCKER_HOST is set to $DOCKER_HOST and no engine answers there; start it, or: unset DOCKER_HOST"
    fi
    if ! is_root; then
        has dockerd && die "A Docker engine is installed but does not answer to you; type one of:" \
            "sudo $ROOT/setup/engine.sh" "sudo usermod -aG docker $(id -un)    # then log in again"
        has_apt && die "No Docker engine answers, and only root can install one:" "sudo $ROOT/setup/engine.sh"
    fi
    has dockerd || has_apt || die "No Docker engine answers, and this machine has no apt to install one with." \
        "Install Docker Engine 20.10 or newer by hand, then try again."
}

start() {
    answers && return
    refuse_what_is_impossible
    hold_lock engine 9
    answers && return
    has dockerd && has docker && has iptables || apt_install docker.io iptables
    if [[ -d /run/systemd/system ]]; then
        answers || timed "started docker.service" systemctl start docker
    else
        answers || timed "started dockerd (log: $LOG)" start_by_hand
    fi
    answers || die "The Docker engine was started but does not answer."
}

stop() {
    is_root || die "Only root can stop the engine:" "sudo $ROOT/setup/engine.sh stop"
    hold_lock engine 9
    is_process "$PID_FILE" dockerd || { rm -f "$PID_FILE"; return; }
    timed "stopped the dockerd that this project started" end_process "$PID_FILE" dockerd 30
    end_process "$CONTAINERD_PID_FILE" containerd 5
}

case ${1:-start} in
start) start ;;
stop) stop ;;
*) die "usage: engine.sh [start|stop]" ;;
esac
