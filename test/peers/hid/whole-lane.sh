#!/bin/sh
# One lane on everything at once, as an installer would start it: PSAM in a slot of pcscd, gate board
# on Modbus-RTU, reader behind a CP2110 on real hidraw, `tapway gate` on all three. A card pays,
# somebody walks, the lane stops, its books are verified. Prints what each of them said.
#   whole-lane.sh NODE TAPWAY SIM OUT     (OUT holds lane.yaml; logs go there)
set -eu
if [ "${WHOLE_LANE:-}" != apart ]; then
  # Mounts of its own: /run is ours alone.
  WHOLE_LANE=apart exec unshare --mount sh "$0" "$@"
fi
node=$1 tapway=$2 sim=$3 out=$4

mount -t tmpfs tmpfs /run
mkdir -p /run/pcscd
[ -c /dev/pts/ptmx ] || { mkdir -p /dev/pts && mount -t devpts devpts /dev/pts; }
busybox ip link set lo up

cat > /run/readers.conf <<END
FRIENDLYNAME "ACS ACR1281 1S Dual Reader SAM"
DEVICENAME /dev/null:28963
LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so
CHANNELID 0x7123
END

now_s() { read -r up rest < /proc/uptime && echo "${up%.*}"; }
# until_said PATTERN NAME SECONDS: the log of that name says so in time.
until_said() {
  end=$(($(now_s) + $3))
  while ! grep -q "$1" "$out/$2.log"; do
    if [ "$(now_s)" -gt $end ]; then
      echo "no '$1' in $2.log after $3 s; the logs:"
      for log in "$out"/*.log; do echo "$log" && tail -n 30 "$log"; done
      exit 1
    fi
    sleep 0.3
  done
}
pids=
begin() {
  name=$1
  shift
  "$@" > "$out/$name.log" 2>&1 < /dev/null &
  pids="$pids $!"
}
trap 'kill $pids 2> /dev/null || true' EXIT

begin pcscd pcscd --foreground --config /run/readers.conf
begin psam "$node" "$sim" psam --vpcd 28963
until_said ATR psam 90
begin barrier "$node" "$sim" barrier --link /run/barrier
until_said /run/barrier barrier 90
begin gate "$node" "$tapway" gate --config "$out/lane.yaml"
gate=$!
until_said 'lane starts' gate 90
begin reader "$node" "$sim" reader --hid TW-0001 --card adult --every 12
# An emulated card may leave in the middle of the debit; it comes back and proves it.
until_said '"message":"pass\(-recovered\)*"' gate 150
until_said 'walks in' barrier 60
# The same card again: refused as soon as its passenger was seen to go through. An emulated processor
# may miss one who walks fast; then the leaves shut, the card opens again, and the next one walks.
until_said '"message":"passback"' gate 150
kill -TERM $gate
wait $gate
"$node" "$tapway" ledger verify /run/data
"$node" "$tapway" ledger export /run/data
