/** The `supervise` section: what may be done to devices that do not come back by themselves. */

import { z } from 'zod';

const command = z
  .array(z.string().min(1).max(200))
  .max(16)
  .default([])
  .describe('program and arguments that switch its USB power off and on; none: never done');

export const superviseSchema = z.strictObject({
  replug: z
    .strictObject({
      reader: command,
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
