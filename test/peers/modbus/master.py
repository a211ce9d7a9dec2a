"""pymodbus as a Modbus-RTU master: asks a board one thing after the other.

usage: master.py DEVICE. One JSON line per request on stdout: its name and what came back.
"""

import json
import sys
import time

from pymodbus.client import ModbusSerialClient
from pymodbus.pdu import ExceptionResponse

UNIT = 1
client = ModbusSerialClient(sys.argv[1], baudrate=19200, timeout=2)
assert client.connect()


def bits(answer, count):
    return [int(bit) for bit in answer.bits[:count]]


def tell(name, answer, shape=lambda answer: None):
    if isinstance(answer, ExceptionResponse):
        result = f"exception {answer.exception_code}"
    elif answer.isError():
        result = f"error {answer}"
    else:
        result = shape(answer)
    print(json.dumps([name, result]), flush=True)


def inputs():
    return client.read_discrete_inputs(0, 11, slave=UNIT)


tell("inputs", inputs(), lambda answer: bits(answer, 11))
tell("open", client.write_coil(0, True, slave=UNIT), lambda answer: [answer.address, answer.value])
time.sleep(0.8)
tell("inputs when open", inputs(), lambda answer: bits(answer, 11))
tell("coils", client.read_coils(0, 9, slave=UNIT), lambda answer: bits(answer, 9))
tell("shut", client.write_coils(0, [False, False, True], slave=UNIT), lambda answer: answer.count)
time.sleep(0.8)
tell("inputs when shut", inputs(), lambda answer: bits(answer, 11))
tell("feed", client.write_register(0, 5, slave=UNIT), lambda answer: answer.value)
tell("registers", client.write_registers(2, [7, 65535], slave=UNIT), lambda answer: answer.count)
tell(
    "read back",
    client.read_holding_registers(0, 5, slave=UNIT),
    lambda answer: answer.registers,
)
time.sleep(1.5)
tell("inputs when not fed", inputs(), lambda answer: bits(answer, 11))
tell("address beyond", client.read_discrete_inputs(10, 40, slave=UNIT))
tell("coil beyond", client.write_coil(99, True, slave=UNIT))
tell("function unknown", client.read_input_registers(0, 1, slave=UNIT))
tell("many coils", client.read_coils(0, 16, slave=UNIT), lambda answer: len(answer.bits))
client.close()
