/** The udev rules of config/board, applied by `udevadm test` to a tree of devices of our own. */

import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { scratch } from '../commands/programs.ts';
import { feature } from '../kit/feature.ts';

const udev = feature('udev rules');
const program = { command: 'udevadm', install: 'apt-get install udev' };
const execute = promisify(execFile);
const rules = readdirSync('config/board')
  .filter((name) => name.endsWith('.rules'))
  .map((name) => resolve('config/board', name));

interface Usb {
  readonly place: string;
  readonly vendor: string;
  readonly product: string;
  /** Class, subclass, protocol of its only interface. */
  readonly interface: readonly [number, number, number];
  readonly driver: string;
  readonly hub?: true;
}

const FTDI: Usb = {
  ...{ place: '1-1.2', vendor: '0403', product: '6001', driver: 'ftdi_sio' },
  interface: [255, 255, 255],
};
const CP2110: Usb = {
  ...{ place: '1-1.1', vendor: '10c4', product: 'ea80', driver: 'usbhid' },
  interface: [3, 0, 0],
};
const KEYBOARD: Usb = { ...CP2110, place: '1-1.4', vendor: '046d', product: 'c31c' };
const CCID: Usb = {
  ...{ place: '1-1.3', vendor: '072f', product: '2200', driver: 'usbfs' },
  interface: [11, 0, 0],
};
const PRINTER: Usb = {
  ...{ place: '1-1.4', vendor: '0416', product: '5011', driver: 'usblp' },
  interface: [7, 1, 2],
};
const HUB: Usb = {
  ...{ place: '1-1', vendor: '05e3', product: '0608', driver: 'hub', hub: true },
  interface: [9, 0, 0],
};

/** A directory in the place of /sys. */
class Tree {
  readonly root = scratch();

  put(path: string, content: string | Buffer): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? `${content}\n` : content);
  }

  link(path: string, to: string): void {
    const file = join(this.root, path);
    mkdirSync(join(this.root, to), { recursive: true });
    symlinkSync(relative(dirname(file), join(this.root, to)), file);
  }

  /** Returns its path in the tree. */
  usb({ place, vendor, product, interface: [kind, sub, protocol], driver, hub }: Usb): string {
    const device = `devices/usb1/${place}`;
    this.put(`${device}/idVendor`, vendor);
    this.put(`${device}/idProduct`, product);
    this.put(`${device}/bDeviceClass`, hub ? '09' : '00');
    this.put(`${device}/power/control`, 'auto');
    this.put(`${device}/uevent`, 'DEVTYPE=usb_device\nMAJOR=189\nMINOR=1\nDEVNAME=bus/usb/001/002');
    // Device, configuration, interface, endpoint (USB 2.0, 9.6).
    const head = [18, 1, 0, 2, 0, 0, 0, 64, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1];
    const rest = [9, 2, 25, 0, 1, 1, 0, 128, 50, 9, 4, 0, 0, 1, kind, sub, protocol, 0];
    this.put(`${device}/descriptors`, Buffer.from([...head, ...rest, 7, 5, 129, 3, 64, 0, 1]));
    this.link(`${device}/subsystem`, 'bus/usb');
    const part = `${device}/${place}:1.0`;
    this.put(`${part}/uevent`, `DEVTYPE=usb_interface\nDRIVER=${driver}`);
    this.put(`${part}/bInterfaceNumber`, '00');
    this.link(`${part}/subsystem`, 'bus/usb');
    this.link(`${part}/driver`, `bus/usb/drivers/${driver}`);
    return device;
  }

  /** A serial port below an adapter. */
  serial(usb: Usb): { port: string; tty: string } {
    const port = `${this.usb(usb)}/${usb.place}:1.0/ttyUSB0`;
    this.put(`${port}/latency_timer`, '00');
    this.put(`${port}/uevent`, `DRIVER=${usb.driver}`);
    this.link(`${port}/subsystem`, 'bus/usb-serial');
    this.link(`${port}/driver`, `bus/usb-serial/drivers/${usb.driver}`);
    const tty = `${port}/tty/ttyUSB0`;
    this.put(`${tty}/uevent`, 'MAJOR=188\nMINOR=0\nDEVNAME=ttyUSB0');
    this.link(`${tty}/subsystem`, 'class/tty');
    return { port, tty };
  }

  hidraw(usb: Usb): string {
    const id = `0003:${usb.vendor}:${usb.product}.0001`.toUpperCase();
    const hid = `${this.usb(usb)}/${usb.place}:1.0/${id}`;
    this.put(`${hid}/uevent`, 'HID_NAME=a device');
    this.link(`${hid}/subsystem`, 'bus/hid');
    this.put(`${hid}/hidraw/hidraw0/uevent`, 'MAJOR=245\nMINOR=0\nDEVNAME=hidraw0');
    this.link(`${hid}/hidraw/hidraw0/subsystem`, 'class/hidraw');
    return `${hid}/hidraw/hidraw0`;
  }

  /** The character device of a USB printer. */
  usblp(usb: Usb): string {
    const lp = `${this.usb(usb)}/${usb.place}:1.0/usbmisc/lp0`;
    this.put(`${lp}/uevent`, 'MAJOR=180\nMINOR=0\nDEVNAME=usb/lp0');
    this.link(`${lp}/subsystem`, 'class/usbmisc');
    return lp;
  }

  /** What our rules do to this device, one deed a line, e.g. `MODE 0660`. */
  async apply(device: string): Promise<string[]> {
    // In mounts of its own: udev knows no other place for /sys and its rules, and fills /dev.
    const script = `set -e
      { cat /etc/group; echo tapway:x:4321:; } > "$1/group"; mount --bind "$1/group" /etc/group
      mkdir -p "$1/rules.d" "$1/dev"; cp "$\{@:4}" "$1/rules.d/"
      echo 'SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", IMPORT{builtin}="usb_id"' \
        > "$1/rules.d/50-udev-default.rules"
      mkdir -p "$1/run/udev"; mv "$1/rules.d" "$1/run/udev/"
      mount --rbind "$2" /sys; mount --rbind "$1/dev" /dev; mount --rbind "$1/run" /run
      exec udevadm test "/sys/$3" 2>&1`;
    const { stdout } = await execute(
      'unshare',
      ['-rm', 'bash', '-c', script, 'bash', scratch(), this.root, device, ...rules],
      { env: { ...process.env, SYSTEMD_DEVICE_VERIFY_SYSFS: '0' } },
    );
    assert.is(stdout.match(/Reading rules file: .*99-tapway(-names)?\.rules/g)?.length, 2, stdout);
    const deeds = stdout.split('\n').flatMap((line) => {
      const deed = /99-tapway\S*\.rules:\d+ (.*)/.exec(line)?.[1] ?? /^ID_MM_.*/.exec(line)?.[0];
      return deed === undefined ? [] : [deed.replace(/ATTR '\S*\/(\w+)' writing/, '$1')];
    });
    return deeds.sort();
  }
}

type Case = readonly [string, (tree: Tree) => string, readonly string[]];
const AWAKE = ['ID_MM_DEVICE_IGNORE=1', "control 'on'"];
const OURS = ['GROUP 4321', 'MODE 0660'];

const CASES: readonly Case[] = [
  ['an FTDI adapter', (tree) => tree.usb(FTDI), AWAKE],
  ['its port', (tree) => tree.serial(FTDI).port, ["latency_timer '1'"]],
  [
    'its tty at the place of the barrier',
    (tree) => tree.serial(FTDI).tty,
    [...OURS, "LINK 'tapway-barrier'", "LINK 'tapway/serial-1-1.2:1.0'"],
  ],
  [
    'a CP210x tty at the place of the reader',
    (tree) => tree.serial({ ...FTDI, place: '1-1.1', vendor: '10c4', driver: 'cp210x' }).tty,
    [...OURS, "LINK 'tapway-reader'", "LINK 'tapway/serial-1-1.1:1.0'"],
  ],
  ['a CP2110', (tree) => tree.usb(CP2110), AWAKE],
  ['its hidraw', (tree) => tree.hidraw(CP2110), [...OURS, "LINK 'tapway/hid-1-1.1'"]],
  ['a card reader', (tree) => tree.usb(CCID), ["control 'on'"]],
  ['a slip printer', (tree) => tree.usb(PRINTER), ["control 'on'"]],
  [
    'its character device',
    (tree) => tree.usblp(PRINTER),
    [...OURS, "LINK 'tapway-printer'", "LINK 'tapway/printer-1-1.4:1.0'"],
  ],
  ['a hub', (tree) => tree.usb(HUB), ['GROUP 4321', 'MODE 0664']],
  ['a keyboard', (tree) => tree.usb(KEYBOARD), []],
  ["a keyboard's hidraw", (tree) => tree.hidraw(KEYBOARD), []],
];

for (const [name, make, deeds] of CASES)
  udev.testWith(program, `GIVEN ${name} THEN the rules do what it needs, no more`, async () => {
    const tree = new Tree();
    assert.equal(await tree.apply(make(tree)), [...deeds].sort());
  });

udev.testWith(program, 'GIVEN an FTDI adapter THEN its timer is set to 1 ms', async () => {
  const tree = new Tree();
  const { port } = tree.serial(FTDI);
  await tree.apply(port);
  assert.is(readFileSync(`${tree.root}/${port}/latency_timer`, 'utf8').slice(0, 1), '1');
});

udev.run();
