import { randomUUID } from 'node:crypto';
import { systemClock } from '../../services/platform/clock.ts';
import { describeEventLog } from '../platform/log/event-log-contract.ts';
import { QUIET } from './quiet-network.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { SimulatedEventLog } from './simulated-event-log.ts';

describeEventLog('a simulated cluster', async () => {
  let gaps = 0;
  const cluster = new SimulatedCluster({
    logId: randomUUID(),
    partitions: 3,
    nowMs: () => systemClock.nowMs(),
    gap: () => gaps++ % 4,
  });
  return {
    log: new SimulatedEventLog(cluster, QUIET),
    reopen: async () => new SimulatedEventLog(cluster, QUIET),
    dispose: async () => {},
  };
});
