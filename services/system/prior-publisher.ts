/** How what the aggregator has to say comes into the log. */
import type { PriorRecord } from '../aggregator/aggregator.ts';
import type { Authority } from '../domain/authority/authority.ts';
import { signEvent, type Signer } from '../domain/authority/signature.ts';
import { type EventLog, ORIGIN, type Put } from '../platform/log/event-log.ts';

const SOURCE = 'ntk/aggregator';

/**
 * One copy for every partition, signed where that is asked for. The origin is the system's: a prior is no record of a host, and a log that is
 * all history stays that.
 */
export function priorPublisher(
  log: EventLog,
  authority: Authority,
  signer: Signer | null,
): (record: PriorRecord, put: Put) => Promise<void> {
  const partitions = Array.from({ length: log.partitions }, (_, partition) => partition);
  return async ({ id, timeMs, data }, put) => {
    const time = new Date(timeMs).toISOString();
    const event = { specversion: '1.0', id, source: SOURCE, type: 'ntk.prior', subject: '*', time, data };
    const signed = authority.mode === 'open' || signer === null ? event : signEvent({ ...event, logid: log.logId }, signer);
    // Every number of a prior is finite.
    if (signed === null) throw new Error('a prior holds a number that JSON cannot say');
    const values = [Buffer.from(JSON.stringify(signed), 'utf8')];
    await log.commit({
      appends: partitions.map((partition) => ({
        stream: 'access' as const,
        partition,
        values,
        keys: ['*'],
        origin: ORIGIN.system,
      })),
      puts: [put],
    });
  };
}
