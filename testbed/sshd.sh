#!/usr/bin/env bash
# An OpenSSH server and client for the tests of SFTP repositories; each test starts a server of its own on loopback.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"

has ssh && [[ -x /usr/sbin/sshd ]] && exit 0
export RUNLEVEL=1 # where there is an init system, Debian would start it for everybody
apt_install openssh-server openssh-client
