#!/usr/bin/env bash
# Make the disk of a Debian machine with systemd, Docker and cgroup v2, and take its kernel. usage: build.sh FOLDER
# As root on Debian: debootstrap, mke2fs -d. About four minutes and 2 GB; done once.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../setup/lib.sh"

SUITE=bookworm
PACKAGES=systemd-sysv,dbus,docker.io,iptables,python3,linux-image-cloud-amd64,initramfs-tools,kmod,ca-certificates
FOLDER=$1
[[ -e $FOLDER/disk.ext4 && -e $FOLDER/vmlinuz ]] && exit

is_root || die "Only root can make the disk of the cgroup v2 host."
apt_install qemu-system-x86 debootstrap e2fsprogs
scratch_folder v2host
mkdir -p "$FOLDER"
read -r uri keyring < <(debian_mirror)
debootstrap --variant=minbase --include="$PACKAGES" --keyring="$keyring" "$SUITE" "$SCRATCH/root" "$uri"

cat >"$SCRATCH/root/etc/systemd/system/check.service" <<'UNIT'
[Unit]
Description=Run the check on the second disk, then end
After=docker.service
Requires=docker.service
[Service]
Type=oneshot
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
ExecStart=/bin/sh -c 'mkdir -p /run/check && tar -C /run/check -xf /dev/vdb && cd /run/check && python3 -u check.py; echo END OF CHECK; systemctl poweroff --force'
[Install]
WantedBy=multi-user.target
UNIT
chroot "$SCRATCH/root" systemctl enable check.service docker.service
chroot "$SCRATCH/root" systemctl mask serial-getty@ttyS0.service apt-daily.timer apt-daily-upgrade.timer e2scrub_reap.service
echo v2host >"$SCRATCH/root/etc/hostname"
rm -rf "$SCRATCH"/root/var/cache/apt/* "$SCRATCH"/root/usr/share/{doc,man,locale}/*
cp "$SCRATCH"/root/boot/vmlinuz-* "$FOLDER/vmlinuz"
cp "$SCRATCH"/root/boot/initrd.img-* "$FOLDER/initrd"
mke2fs -q -t ext4 -d "$SCRATCH/root" "$FOLDER/disk.part" 3G
mv "$FOLDER/disk.part" "$FOLDER/disk.ext4"
