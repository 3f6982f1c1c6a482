#!/bin/sh
# boot.sh TREE WORK [SHARED]: boots the Debian tree with its own systemd, in namespaces of its own that go when this process
# is killed. TREE is not changed: what is written lies in WORK/upper. SHARED is seen as /mnt. WORK/pid names the process in
# the machine's namespaces for nsenter, once it is there.
set -eu
if [ "${INSIDE:-}" = '' ]; then
  group=/sys/fs/cgroup/unified
  [ -d "$group" ] || group=/sys/fs/cgroup
  group=$group/tsresolved-package-$$
  mkdir -p "$group" "$2/upper" "$2/work" "$2/root"
  echo $$ >"$group/cgroup.procs"
  renice -n -15 -p $$ >/dev/null # what it does in time shall not depend on what else this computer does
  export INSIDE=yes
  exec unshare --mount --net --pid --uts --ipc --cgroup --fork --kill-child=KILL "$0" "$@"
fi
tree=$1 work=$2 shared=${3:-}
root=$work/root
read -r pid _ </proc/self/stat # outside's number: /proc is not ours yet
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$work/upper,workdir=$work/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null zero full random urandom tty; do
  touch "$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir -p "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
[ -z "$shared" ] || mount --bind "$shared" "$root/mnt"
echo "$pid" >"$work/pid"
cd "$root"
mkdir -p mnt old 2>/dev/null || true
pivot_root . old
umount -l /old
hostname package-test
ip link set lo up
exec env -i container=tsresolved PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=console
