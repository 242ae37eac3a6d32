/** How the aggregator's priors come into the log. */
import { EVERY_PROGRAM } from '../../../schemas/events/cloudevent.ts';
import type { PriorRecord } from '../../aggregator/aggregator.ts';
import type { Authority } from '../../domain/authority/authority.ts';
import type { Signer } from '../../domain/authority/signature.ts';
import { type EventLog, ORIGIN, type Put } from '../../platform/log/event-log.ts';
import { appendToEveryPartition } from './publish.ts';

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
  const usedSigner = authority.mode === 'open' ? null : signer;
  return async ({ id, timeMs, data }, put) => {
    const time = new Date(timeMs).toISOString();
    const event = { specversion: '1.0', id, source: SOURCE, type: 'ntk.prior', subject: EVERY_PROGRAM, time, data };
    await appendToEveryPartition(log, [event], usedSigner, { origin: ORIGIN.system, puts: [put] });
  };
}
