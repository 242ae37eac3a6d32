/** Records that could not be read, as the log keeps them. */
import { type RejectRecord, rejectSchema } from '../../../schemas/results/reject.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import { readBatches } from '../../platform/log/read-batches.ts';

export interface StoredReject extends RejectRecord {
  /** `partition:offset` of the record in `ntk.access`. */
  readonly id: string;
}

const READ = { maxRecords: 1_000, maxBytes: 16 * 1024 * 1024 };

/** Partition by partition, from the oldest on; of each no more than the newest `newestMax`, if that is given. */
export async function* readRejects(log: EventLog, newestMax = Infinity): AsyncIterable<StoredReject> {
  for (let partition = 0; partition < log.partitions; partition++) {
    const { start, end } = await log.bounds('rejects', partition);
    for await (const batch of readBatches(log, 'rejects', partition, READ, Math.max(start, end - newestMax))) {
      for (let i = 0; i < batch.count; i++) {
        const reject = rejectSchema.parse(JSON.parse(batch.bytes.toString('utf8', batch.starts[i], batch.starts[i + 1])));
        yield { ...reject, partition, id: `${partition}:${reject.offset}` };
      }
    }
  }
}
