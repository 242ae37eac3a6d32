/**
 * What the machine gives: numbers in registers, no memory, no garbage, nothing to wait for. Two of these on two cores do twice as much as one
 * only where the cores share nothing; those of a virtual machine may be two threads of one core. `counting.ts MILLIONS`.
 */
import { begin, report, Watch } from '../process/measured.ts';

const turns = Number(process.argv[2]) * 1e6;

/** xorshift32 (G. Marsaglia 2003). */
function count(from: number, times: number): number {
  let state = from;
  for (let i = 0; i < times; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  return state;
}

// Compiled before it is measured.
count(1, 1e6);
await begin();
const watch = new Watch();
const last = count(1, turns);
report({ ...watch.taken(), records: turns, hash: String(last) });
