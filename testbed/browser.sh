#!/usr/bin/env bash
# Install a headless Chromium for the tests marked `browser`; the Python requirements bring what drives it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"

has chromium && exit 0
# Fonts: without any a page is all boxes, and every screenshot of it useless.
apt_install chromium fonts-dejavu-core
