import { flicks } from './flicks.ts';
import { hid } from './hid.ts';
import { hidraw } from './hidraw.ts';
import { pcsc } from './pcsc.ts';
import type { Scenario } from './scenario.ts';
import { serial } from './serial.ts';
import { taps } from './taps.ts';

export const SCENARIOS: readonly Scenario[] = [serial, hid, hidraw, pcsc, flicks, taps];
