#!/usr/bin/env bash
# Run the cgroup reader on a real cgroup v2 host: an emulated Debian machine (five to ten minutes). By hand, as root:
#   testbed/v2_host/run.sh [FOLDER]        FOLDER keeps the machine's disk and kernel, default .tools/v2_host
# Prints what check.py found; the machine's whole console is in FOLDER/console.log.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../setup/lib.sh"

HERE=$ROOT/testbed/v2_host
FOLDER=${1:-$TOOLS/v2_host}
LIMIT_S=1500

"$HERE/build.sh" "$FOLDER"
scratch_folder v2check
mkdir -p "$SCRATCH/check/servers"
cp "$HERE/check.py" "$SCRATCH/check/"
cp -r "$ROOT/servers/docker" "$SCRATCH/check/servers/"
cp -r "$ROOT/core" "$SCRATCH/check/"
docker save --output "$SCRATCH/check/tiny.tar" mcadmin-testbed:tiny
tar -C "$SCRATCH/check" -cf "$SCRATCH/check.img" .
truncate -s %512 "$SCRATCH/check.img"

# -snapshot: the disk stays as it was built. No network: nothing in it needs one.
timeout "$LIMIT_S" qemu-system-x86_64 -accel tcg,thread=single -cpu qemu64 -smp 1 -m 3072 -nographic -no-reboot \
    -kernel "$FOLDER/vmlinuz" -initrd "$FOLDER/initrd" \
    -append "root=/dev/vda rw console=ttyS0 quiet mitigations=off apparmor=0 systemd.show_status=false" \
    -drive "file=$FOLDER/disk.ext4,format=raw,if=virtio,snapshot=on" \
    -drive "file=$SCRATCH/check.img,format=raw,if=virtio,snapshot=on" \
    -nic none -serial "file:$FOLDER/console.log" -monitor none -display none </dev/null &
machine=$!
trap 'kill $machine 2>/dev/null || true; rm -rf "$SCRATCH"' EXIT
wait "$machine" || true
grep -q 'END OF CHECK' "$FOLDER/console.log" || die "The check did not come to its end:" "less $FOLDER/console.log"
tr -d '\r' <"$FOLDER/console.log" | sed -n '/^Linux version/,/END OF CHECK/p'
