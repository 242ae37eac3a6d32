/** Nothing travels and nothing goes wrong; waiting is real. */
import { systemClock } from '../../services/platform/clock.ts';
import type { Network } from './simulated-process.ts';

export const QUIET: Network = {
  call: async (_, apply) => apply('done'),
  notify: (run) => setImmediate(run),
  sleep: (ms, signal) => systemClock.sleep(ms, signal),
  unseen: () => 0,
  short: (records) => records,
};
