#!/bin/sh
# Makes vmlinuz and initrd.gz in the directory $1: Debian's own kernel, and a first process that
# borrows the host's files. Needs apt-cache, busybox-static, cpio and kmod; installs nothing.
set -eu
target=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

package=$(apt-cache depends linux-image-amd64 |
  sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
[ -n "$package" ] || { echo 'apt knows no linux-image-amd64; run apt-get update' >&2; exit 1; }
apt-get download -qq "$package"
mkdir root unpacked
dpkg-deb --fsys-tarfile "$package"_*.deb | tar -x -C unpacked --wildcards './boot/vmlinuz-*' \
  './lib/modules/*/modules.*' './lib/modules/*/kernel/drivers/hid/*' \
  './lib/modules/*/kernel/drivers/virtio/*' './lib/modules/*/kernel/fs/*' \
  './lib/modules/*/kernel/net/9p/*'
version=$(ls unpacked/lib/modules)
depmod -b unpacked "$version"

# In the order in which they must be loaded, dependencies first.
for module in virtio_pci 9pnet_virtio 9p uhid hid-generic; do
  modprobe -d unpacked -S "$version" -D "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
done | awk '!seen[$0]++' > list
mkdir -p root/bin root/modules root/proc root/host
cp "$(command -v busybox)" root/bin/busybox
while read -r path; do
  cp "$path" root/modules/
  basename "$path"
done < list > root/modules/list

cat > root/init <<'INIT'
#!/bin/busybox sh
bb=/bin/busybox
$bb mount -t proc proc /proc
while read -r module; do $bb insmod /modules/$module; done < /modules/list
mount9p() { $bb mount -t 9p -o "trans=virtio,version=9p2000.L,msize=262144,$3" "$1" "$2"; }
mount9p hostroot /host ro,cache=loose
$bb mount -t proc proc /host/proc
$bb mount -t sysfs sysfs /host/sys
$bb mount -t devtmpfs devtmpfs /host/dev
out=$($bb sed -n 's/.* out=\([^ ]*\).*/\1/p' /proc/cmdline)
mount9p out "/host$out" rw,cache=none
$bb chroot /host /bin/sh "$out/run.sh" > "/host$out/output" 2>&1
echo $? > "/host$out/exit"
$bb umount "/host$out"
$bb reboot -f
INIT
chmod +x root/init
(cd root && find . | cpio --quiet -o -H newc) | gzip -1 > initrd.gz

mkdir -p "$target"
cp unpacked/boot/vmlinuz-* "$target/vmlinuz"
# Last: whoever sees it finds both files whole.
cp initrd.gz "$target/initrd.part"
mv "$target/initrd.part" "$target/initrd.gz"
