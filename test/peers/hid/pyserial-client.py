"""Asks a PN532 for its firmware through pyserial's own CP2110 driver: argument, a hidraw path."""

import sys

import hidraw

# Debian's `hid` speaks libusb, which cannot see a device made by uhid.
sys.modules["hid"] = hidraw

import serial  # noqa: E402

ACK = bytes.fromhex("0000ff00ff00")


def frame(data):
    body = b"\xd4" + data
    return bytes([0, 0, 0xFF, len(body), -len(body) & 0xFF]) + body + bytes([-sum(body) & 0xFF, 0])


def ask(port, data, length, preamble=b""):
    """The answer's data, `length` bytes after its two codes."""
    port.write(preamble + frame(data))
    heard = b""
    # This driver's read() hands over whole reports, however few bytes were asked for.
    while len(heard) < len(ACK) + 5 + 2 + length + 2:
        part = port.read(1)
        assert part, f"only {heard.hex()} heard"
        heard += part
    assert heard.startswith(ACK), f"no acknowledgement but {heard.hex()}"
    return heard[len(ACK) + 5 : -2].hex()


with serial.serial_for_url("cp2110://" + sys.argv[1], baudrate=115200, timeout=5) as port:
    wake_up = b"\x55\x55" + bytes(14)
    print("sam", ask(port, bytes([0x14, 1]), 0, wake_up))
    print("firmware", ask(port, bytes([0x02]), 4))
    # A frame that needs two reports each way.
    line = bytes(range(100))
    print("echo", ask(port, b"\x00\x00" + line, 101) == "d50100" + line.hex())
