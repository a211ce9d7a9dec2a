/** PN532 frames in words, for `tapway decode`. */

import { CHIP_TO_HOST, createFrameDecoder, type FrameEvent, HOST_TO_CHIP } from './frame.ts';

const COMMANDS: Readonly<Record<number, string>> = {
  0: 'Diagnose',
  2: 'GetFirmwareVersion',
  4: 'GetGeneralStatus',
  6: 'ReadRegister',
  8: 'WriteRegister',
  16: 'SetSerialBaudRate',
  18: 'SetParameters',
  20: 'SAMConfiguration',
  22: 'PowerDown',
  50: 'RFConfiguration',
  64: 'InDataExchange',
  66: 'InCommunicateThru',
  68: 'InDeselect',
  74: 'InListPassiveTarget',
  82: 'InRelease',
  84: 'InSelect',
  96: 'InAutoPoll',
};

/** One line a frame; null when there is none in the bytes. */
export function describeFrames(bytes: Buffer): string[] | null {
  const events = createFrameDecoder().push(bytes);
  return events.length === 0 ? null : events.map(describe);
}

function describe(event: FrameEvent): string {
  switch (event.kind) {
    case 'ack':
      return 'PN532 ACK frame';
    case 'nack':
      return 'PN532 NACK frame: send the last answer again';
    case 'error':
      return 'PN532 error frame: the chip refused the syntax of a command';
    case 'damaged':
      return 'PN532 frame with a wrong checksum or length';
    case 'data':
      return describeData(event.tfi, event.data);
  }
}

function describeData(tfi: number, data: Buffer): string {
  const code = data[0];
  if (code === undefined) return 'PN532 frame without a command';
  const rest = data.subarray(1).toString('hex').toUpperCase();
  const tail = rest === '' ? '' : `: ${rest}`;
  if (tfi === HOST_TO_CHIP) return `PN532 command ${nameOf(code)}${tail}`;
  if (tfi === CHIP_TO_HOST) return `PN532 answer to ${nameOf(code - 1)}${tail}`;
  return `PN532 frame of unknown direction ${tfi.toString(16)}${tail}`;
}

function nameOf(code: number): string {
  return COMMANDS[code] ?? `command ${code.toString(16).toUpperCase().padStart(2, '0')}`;
}
