"""The manager's end of sd_notify: prints each message on one line. Takes the descriptor of a
barrier and closes it, which lets systemd-notify go; with `hold` it keeps it."""

import array
import os
import socket
import sys

path, mode = sys.argv[1:3]
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(path)
print("listening", flush=True)
kept = []
while True:
    message, ancillary, _flags, _address = server.recvmsg(4096, socket.CMSG_SPACE(64))
    print(message.decode().strip().replace("\n", ";"), flush=True)
    for level, kind, data in ancillary:
        if level != socket.SOL_SOCKET or kind != socket.SCM_RIGHTS:
            continue
        descriptors = array.array("i")
        descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
        for descriptor in descriptors:
            if mode == "hold":
                kept.append(descriptor)
            else:
                os.close(descriptor)
