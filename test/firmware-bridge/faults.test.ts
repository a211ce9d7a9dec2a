import * as assert from 'uvu/assert';
import { describeFault, explainFault, failed } from '../../firmware-bridge/ports.ts';
import { feature } from '../kit/feature.ts';

const faults = feature('faults in words');

const { fault } = failed('link-absent', 'none', 'no such device; is it plugged in?');
const TOLD = 'no such device; is it plugged in? Check cable and device path; run `tapway doctor`.';

faults.test('GIVEN a fault for the log THEN it tells what it means for the card', () => {
  assert.is(describeFault(fault), `E100 link-absent (effect none): ${TOLD}`);
});

faults.test('GIVEN a fault for somebody at a terminal THEN only what to do', () => {
  assert.is(explainFault(fault), `E100 link-absent: ${TOLD}`);
});

faults.test('GIVEN a detail without a stop THEN it gets one', () => {
  const { fault: mute } = failed('sam-mute', 'none', 'no answer');
  assert.is(explainFault(mute), 'E401 sam-mute: no answer. The SAM does not answer; reseat it.');
});

faults.run();
