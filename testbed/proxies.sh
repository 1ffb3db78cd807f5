#!/usr/bin/env bash
# Install nginx and Caddy for the tests of deploy/, which start them by themselves.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
has nginx && has caddy && has openssl || apt_install nginx-light caddy openssl
