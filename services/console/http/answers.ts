/** What several routes answer and ask alike. */
import type { FastifyReply } from 'fastify';
import { type ConsoleSource, isAway, type OpenedAccess } from '../console-source.ts';
import { DATA_HEADERS } from './headers.ts';

/** No log has more partitions. */
const PARTITION_MAX = 0xffff;

interface Place {
  readonly partition: number;
  readonly offset: number;
}

/** The place that a route's `:id` names as `PARTITION-OFFSET`; null when it names none. */
export function placeIn(params: unknown): Place | null {
  const { id } = params as { id: string };
  const [, partition, offset] = /^(\d{1,5})-(\d{1,15})$/.exec(id) ?? [];
  return partition === undefined || offset === undefined ? null : { partition: Number(partition), offset: Number(offset) };
}

export function isPartition(partition: number): boolean {
  return partition <= PARTITION_MAX;
}

/** Null when nothing is stored there. @throws what `isAway` says */
export async function openedAt(source: ConsoleSource, { partition, offset }: Place): Promise<OpenedAccess | null> {
  return isPartition(partition) ? source.open(partition, offset) : null;
}

/** What is stored cannot be asked now. A bug goes on to whoever reports bugs. */
export function unavailable(reply: FastifyReply, error: unknown): FastifyReply {
  if (!isAway(error)) throw error;
  return reply
    .code(503)
    .headers({ ...DATA_HEADERS, 'retry-after': '5' })
    .send({ error: 'what is stored cannot be asked right now; try again' });
}
