#!/usr/bin/env bash
# Print the hash of what a build of the page is made from: all files here but what is installed and built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
find . -type f -not -path './node_modules/*' -not -path './dist/*' -print0 | LC_ALL=C sort -z |
    xargs -0 sha256sum | sha256sum | cut -c1-64
