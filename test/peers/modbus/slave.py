"""pymodbus as a Modbus-RTU slave: an I/O board without a will of its own.

usage: slave.py DEVICE. Told by lines on stdin: `input ADDRESS 0|1`. Tells on stdout:
`ready`, and `coil ADDRESS VALUE` or `register ADDRESS VALUE` for everything that is written.
"""

import asyncio
import sys

from pymodbus.datastore import (
    ModbusSequentialDataBlock,
    ModbusServerContext,
    ModbusSlaveContext,
)
from pymodbus.framer.rtu_framer import ModbusRtuFramer
from pymodbus.server import StartAsyncSerialServer


def tell(line):
    print(line, flush=True)


class Told(ModbusSequentialDataBlock):
    """A block that tells what is written into it."""

    def __init__(self, name, size):
        super().__init__(0, [0] * size)
        self.name = name

    def setValues(self, address, values):
        super().setValues(address, values)
        for offset, value in enumerate(values if isinstance(values, list) else [values]):
            tell(f"{self.name} {address + offset} {int(value)}")


async def main(device):
    inputs = ModbusSequentialDataBlock(0, [0] * 16)
    slave = ModbusSlaveContext(
        di=inputs, co=Told("coil", 16), hr=Told("register", 8), zero_mode=True
    )
    server = await StartAsyncSerialServer(
        context=ModbusServerContext(slaves={1: slave}, single=False),
        framer=ModbusRtuFramer,
        port=device,
        baudrate=19200,
        ignore_missing_slaves=True,
        defer_start=True,
    )
    await server.start()
    tell("ready")
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            return
        what, address, value = line.split()
        if what == "input":
            inputs.setValues(int(address), [int(value)])


asyncio.run(main(sys.argv[1]))
