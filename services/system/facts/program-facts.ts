/** What reviewers decide about one program: appended to its partition alone, signed where the log asks for that. */
import { randomUUID } from 'node:crypto';
import type { EntitlementData } from '../../../schemas/events/entitlement.ts';
import type { StandingData } from '../../../schemas/events/standing.ts';
import { EVERY_PROGRAM } from '../../../schemas/events/cloudevent.ts';
import { partitionOf } from '../../domain/partitioning/murmur2.ts';
import { encodingOf } from '../../domain/record/json.ts';
import { parseRecord } from '../../domain/record/parse.ts';
import type { ParsedRecord } from '../../domain/record/record.ts';
import type { RowPlace } from '../../domain/review/episode.ts';
import { type EventLog, ORIGIN } from '../../platform/log/event-log.ts';
import { readBatches } from '../../platform/log/read-batches.ts';
import { UserError } from '../user-error.ts';
import { type Publisher, requirePublisher, signedBytes } from './publish.ts';
import { recordsWith } from './records-with.ts';

/** The newest of its partition that are looked at for the program. */
export const LOOKED_BACK_RECORDS = 50_000;
const READ = { maxRecords: 5_000, maxBytes: 4 * 1024 * 1024 };
/** Times of facts that counted are at most so far ahead of their arrival (docs/authority.md). */
const AHEAD_MS_MAX = 5 * 60_000;
const MS_US = 1000;

export type ProgramFact =
  | { readonly type: 'ntk.standing'; readonly data: StandingData }
  | { readonly type: 'ntk.entitlement'; readonly data: EntitlementData };

export interface PublishedFact extends RowPlace {
  /** Whether any of the newest records of its partition is of the program. */
  readonly isSeenLately: boolean;
}

/**
 * In force from its place in the log on.
 * @throws UserError when it would be refused, or no program is named
 */
export async function publishProgramFact(
  log: EventLog,
  program: string,
  { type, data }: ProgramFact,
  publisher: Publisher,
): Promise<PublishedFact> {
  if (program === '' || program === EVERY_PROGRAM) throw new UserError('name one program, by its id');
  const { by, nowMs, signer } = publisher;
  await requirePublisher(log, publisher, type);
  const partition = partitionOf(program, log.partitions);
  const about = { type, category: type === 'ntk.entitlement' ? data.category : null };
  const { newestMs, isSeenLately } = await lookBack(log, partition, program, about, nowMs);
  const event = {
    specversion: '1.0',
    id: randomUUID(),
    source: 'ntk/review',
    type,
    subject: program,
    // Of two about one thing the later one counts; where clocks differ a little, too.
    time: new Date(Math.max(nowMs, newestMs + 1)).toISOString(),
    by,
    data,
  };
  const values = [signedBytes(log, event, signer)];
  // Not `live`: a command is no host that could fall silent, and a log of history stays one.
  const append = { stream: 'access', partition, values, keys: [program], origin: ORIGIN.run } as const;
  const { baseOffsets } = await log.commit({ appends: [append] });
  return { partition, offset: baseOffsets[0]!, isSeenLately };
}

interface About {
  readonly type: ProgramFact['type'];
  readonly category: string | null;
}

/** The time of the newest fact about the same thing whose clock was ahead of ours, 0 without one; and whether the program was seen. */
async function lookBack(
  log: EventLog,
  partition: number,
  program: string,
  about: About,
  nowMs: number,
): Promise<{ readonly newestMs: number; readonly isSeenLately: boolean }> {
  const { start, end } = await log.bounds('access', partition);
  const needle = [Buffer.from(JSON.stringify(program))];
  let newestMs = 0;
  let isSeenLately = false;
  for await (const batch of readBatches(log, 'access', partition, READ, Math.max(start, end - LOOKED_BACK_RECORDS))) {
    for (const i of recordsWith(batch, needle)) {
      const raw = batch.bytes.subarray(batch.starts[i], batch.starts[i + 1]);
      const record = parseRecord(raw, 0, raw.length, encodingOf(raw));
      if (record.type === 'reject' || record.attributes.subject !== program) continue;
      isSeenLately = true;
      const timeMs = Math.ceil(record.attributes.timeUs / MS_US);
      if (isAbout(record, about) && timeMs <= nowMs + AHEAD_MS_MAX) newestMs = Math.max(newestMs, timeMs);
    }
  }
  return { newestMs, isSeenLately };
}

function isAbout(record: ParsedRecord, { type, category }: About): boolean {
  return record.type === type && (record.type !== 'ntk.entitlement' || record.data.category === category);
}
