/** All committed batches of a partition from `from` up to its end as it is when this begins, in order. */
import type { AppendStream, EventLog, ReadLimits, RecordBatch } from './event-log.ts';

/** @param from default: the partition's start */
export async function* readBatches(
  log: EventLog,
  stream: AppendStream,
  partition: number,
  limits: ReadLimits,
  from?: number,
): AsyncGenerator<RecordBatch> {
  const { start, end } = await log.bounds(stream, partition);
  for (let offset = from ?? start; offset < end; ) {
    const batch = await log.read(stream, partition, offset, limits);
    if (batch.nextOffset === offset) return;
    yield batch;
    offset = batch.nextOffset;
  }
}
