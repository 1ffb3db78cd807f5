#!/usr/bin/env bash
# Install wrk, which sends HTTP requests as fast as a server takes them.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
has wrk || apt_install wrk
