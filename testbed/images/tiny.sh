#!/usr/bin/env bash
# Make an image of one static busybox (sh, sleep, httpd…), for tests of the engine alone. usage: tiny.sh IMAGE LABEL
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../setup/lib.sh"

# The package is unpacked and not installed: it would push a machine's own busybox out.
download() { (cd "$SCRATCH" && apt-get download -o APT::Sandbox::User= busybox-static); }

scratch_folder tiny
has_apt || die "The tiny image needs the Debian package busybox-static, and this machine has no apt."
download || { is_root && apt-get update && download; } || die "busybox-static cannot be downloaded; try:" "sudo apt-get update"
dpkg-deb -x "$SCRATCH"/busybox-static_*.deb "$SCRATCH/deb"

root=$SCRATCH/root
mkdir -p "$root"/{bin,etc,tmp,proc,sys,dev}
cp "$(find "$SCRATCH/deb" -path "*bin/busybox" -type f)" "$root/bin/busybox"
"$root/bin/busybox" --list | while read -r applet; do
    [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
done
echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
tar -C "$root" -c . | docker import --change "LABEL $2" --change 'ENV PATH=/bin' --change 'CMD ["sh"]' - "$1"
