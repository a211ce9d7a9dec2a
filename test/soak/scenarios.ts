import { hid } from './hid.ts';
import { hidraw } from './hidraw.ts';
import { pcsc } from './pcsc.ts';
import type { Scenario } from './scenario.ts';
import { serial } from './serial.ts';

export const SCENARIOS: readonly Scenario[] = [serial, hid, hidraw, pcsc];
