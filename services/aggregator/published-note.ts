/** How far priors were published: in the log itself, written with them in one transaction, so that a restart says nothing twice. */
import { z } from 'zod';
import type { EventLog, Put } from '../platform/log/event-log.ts';

const KEY = 'aggregator/published';
const PARTITION = 0;

const publishedNote = z.object({
  /** Newest hour (since 1970) whose edition of a kind was published. */
  classes: z.int().default(-1),
  fleets: z.int().default(-1),
  /** Time of the newest prior, milliseconds since 1970: where facts are signed none may be older than the one before. */
  timeMs: z.number().default(0),
});
export type PublishedNote = z.infer<typeof publishedNote>;

export async function readPublishedNote(log: Pick<EventLog, 'getKeyed'>): Promise<PublishedNote> {
  const value = await log.getKeyed('imports', PARTITION, KEY);
  return publishedNote.parse(value === null ? {} : JSON.parse(value.toString('utf8')));
}

export function putPublishedNote(note: PublishedNote): Put {
  return { stream: 'imports', partition: PARTITION, key: KEY, value: Buffer.from(JSON.stringify(note)) };
}
