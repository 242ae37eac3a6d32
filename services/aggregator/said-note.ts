/** What was said last of what: in the log itself, written with it in one transaction, so that a restart says nothing twice. */
import { z } from 'zod';
import { isNews, type Saying } from '../domain/aggregation/aggregation.ts';
import type { EventLog, Put } from '../platform/log/event-log.ts';

const PARTITION = 0;

const saidNote = z.object({ block: z.number(), level: z.number() });

function keyOf({ about }: Saying): string {
  return `aggregator/${about}`;
}

/** Whether this, or something newer or stronger about the same, was said already. */
export async function wasSaid(log: Pick<EventLog, 'getKeyed'>, saying: Saying): Promise<boolean> {
  const value = await log.getKeyed('imports', PARTITION, keyOf(saying));
  return !isNews(saying, value === null ? null : saidNote.parse(JSON.parse(value.toString('utf8'))));
}

export function putSaid(saying: Saying): Put {
  const { block, level } = saying;
  return { stream: 'imports', partition: PARTITION, key: keyOf(saying), value: Buffer.from(JSON.stringify({ block, level })) };
}
