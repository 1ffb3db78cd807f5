#!/usr/bin/env bash
# A player on this machine. usage: run.sh HOST PORT NAME; see bot.cjs for what it says and understands.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
modules=$here/../../.tools/testbed/node/node_modules
[[ -d $modules ]] || { echo "The bot's packages are missing; run testbed/up.sh first." >&2; exit 1; }
[[ $# == 3 ]] || { echo "usage: run.sh HOST PORT NAME" >&2; exit 2; }
NODE_PATH=$modules exec "$modules/.bin/node" "$here/bot.cjs" "$@"
