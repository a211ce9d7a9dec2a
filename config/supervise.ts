/** The `supervise` section: what is done about devices that are lost. */

import { z } from 'zod';

const command = z
  .array(z.string().min(1).max(200))
  .max(16)
  .default([])
  .describe('program and arguments that switch its USB power off and on; none: never done');

export const superviseSchema = z.strictObject({
  when_lost: z
    .strictObject({
      sam: z
        .enum(['close', 'free'])
        .default('close')
        .describe('close: the lane closes; free: the gate stands open and nobody pays'),
    })
    .prefault({})
    .describe('without reader, barrier or ledger, or with a SAM that is distrusted, a lane closes'),
  replug: z
    .strictObject({
      reader: command,
      far_reader: command,
      sam: command,
      pause_s: z
        .int()
        .min(10)
        .max(86_400)
        .default(60)
        .describe('at least so long from one power-cycle of a device to the next'),
    })
    .prefault({})
    .describe('the last means for a device that is lost, e.g. uhubctl -l 1-1 -p 2 -a cycle'),
});
