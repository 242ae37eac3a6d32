/** What several routes answer and ask alike. */
import type { FastifyReply } from 'fastify';
import type { RowPlace } from '../../domain/review/episode.ts';
import { type ConsoleSource, isAway, type OpenedAccess } from '../console-source.ts';
import { DATA_HEADERS } from './headers.ts';

/** No log has more partitions. */
const PARTITION_MAX = 0xffff;

/** The place that a route's `:id` names as `PARTITION-OFFSET`; null when it names none. */
export function placeIn(params: unknown): RowPlace | null {
  const { id } = params as { id: string };
  const [, partition, offset] = /^(\d{1,5})-(\d{1,15})$/.exec(id) ?? [];
  return partition === undefined || offset === undefined ? null : { partition: Number(partition), offset: Number(offset) };
}

export function isPartition(partition: number): boolean {
  return partition <= PARTITION_MAX;
}

/** Null when nothing is stored there. @throws what `isAway` says */
export async function openedAt(source: ConsoleSource, { partition, offset }: RowPlace): Promise<OpenedAccess | null> {
  return isPartition(partition) ? source.open(partition, offset) : null;
}

/** The answer, or that what is stored cannot be asked now. A bug goes on to whoever reports bugs. */
export async function answered(reply: FastifyReply, make: () => Promise<FastifyReply>): Promise<FastifyReply> {
  try {
    return await make();
  } catch (error) {
    if (!isAway(error)) throw error;
    return reply
      .code(503)
      .headers({ ...DATA_HEADERS, 'retry-after': '5' })
      .send({ error: 'what is stored cannot be asked right now; try again' });
  }
}
