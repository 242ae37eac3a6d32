/**
 * What people concluded about alarms, read from the log, where reviews are facts like any other; and appending the next one. The ledger
 * says which blocks hold a review, so that only those are read, and what nobody has stored yet.
 */
import { createHash } from 'node:crypto';
import type { Disposition } from '../../../schemas/codes.ts';
import { partitionOf } from '../../domain/partitioning/murmur2.ts';
import { encodingOf } from '../../domain/record/json.ts';
import { parseRecord } from '../../domain/record/parse.ts';
import { type Review, REVIEW_WORDS_CHARS_MAX } from '../../domain/review/conclusions.ts';
import { type Episode, placeNamed } from '../../domain/review/episode.ts';
import { REVIEWED_BLOCKS_SQL, type ReviewedBlockRow } from '../../domain/review/queries.ts';
import { type EventLog, ORIGIN, type RecordBatch } from '../../platform/log/event-log.ts';
import type { Warehouse } from '../../platform/warehouse/warehouse.ts';
import { recordsWith } from '../facts/records-with.ts';
import type { Positions, ReportSource } from './report.ts';
import { UserError } from '../user-error.ts';

/** Remembered at once: with their words some hundred megabytes. */
const REVIEWS_MAX = 200_000;

const NEEDLES = [Buffer.from('ntk.review')];
const READ = { maxRecords: 5_000, maxBytes: 4 * 1024 * 1024 };
const SOURCE = 'ntk/review';

interface ReviewSource {
  readonly log: EventLog;
  readonly logId: string;
  readonly warehouse: Warehouse;
}

export interface ReviewHistory {
  /** All that conclude something about an alarm, each once, by partition in the order of the log. */
  readonly reviews: readonly Review[];
  /** Reviews, of whatever, that the ledger counts in blocks of which the log has nothing any more. */
  readonly gone: number;
  /** Records of the log behind what is stored that are reviews. */
  readonly unstored: number;
}

/** @param positions how far the ledger reaches, noted before @throws UserError where there are too many to remember */
export async function reviewHistory({ log, logId, warehouse }: ReviewSource, positions: Positions): Promise<ReviewHistory> {
  const blocks = await warehouse.query<ReviewedBlockRow>(REVIEWED_BLOCKS_SQL, { logId });
  const reviews: Review[] = [];
  let gone = 0;
  let unstored = 0;
  for (let partition = 0; partition < log.partitions; partition++) {
    const { start, end } = await log.bounds('access', partition);
    const stored = positions.positions[positions.partitions.indexOf(partition)] ?? 0;
    const reader = new ReviewReader(partition, log.partitions, reviews);
    for (const { partition: of, first, next, reviews: count } of blocks) {
      if (of !== partition) continue;
      if (Number(next) <= start) gone += Number(count);
      else await readRange(log, partition, Math.max(Number(first), start), Math.min(Number(next), stored), reader);
    }
    const before = reader.records;
    await readRange(log, partition, Math.max(stored, start), end, reader);
    unstored += reader.records - before;
  }
  return { reviews, gone, unstored };
}

/** Records that are not judged and stored yet and may be accesses. What people concluded in a folder that rests hides none of those. */
export async function unwrittenButReviews({ log, logId, warehouse }: ReportSource, positions: Positions): Promise<number> {
  if (log === null || positions.unwritten === 0) return positions.unwritten;
  const { unstored } = await reviewHistory({ log, logId, warehouse }, positions);
  // One that was appended since the positions were noted is not among theirs.
  return Math.max(0, positions.unwritten - unstored);
}

async function readRange(log: EventLog, partition: number, from: number, to: number, reader: ReviewReader): Promise<void> {
  for (let offset = from; offset < to; ) {
    const batch = await log.read('access', partition, offset, READ);
    if (batch.nextOffset === offset) return;
    reader.take(batch, to);
    offset = batch.nextOffset;
  }
}

/** Sees what the fold accepts: a repeat says nothing new, and what lies in another partition than its program is a reject. */
class ReviewReader {
  readonly #partition: number;
  readonly #partitions: number;
  readonly #reviews: Review[];
  readonly #seen = new Set<string>();
  /** Reviews read, whatever they say. */
  records = 0;

  constructor(partition: number, partitions: number, reviews: Review[]) {
    this.#partition = partition;
    this.#partitions = partitions;
    this.#reviews = reviews;
  }

  take(batch: RecordBatch, to: number): void {
    const { bytes, starts, offsets, appendedAtMs } = batch;
    for (const i of recordsWith(batch, NEEDLES)) {
      if (offsets[i]! >= to) return;
      const raw = bytes.subarray(starts[i], starts[i + 1]);
      const record = parseRecord(raw, 0, raw.length, encodingOf(raw));
      if (record.type !== 'ntk.review') continue;
      this.records++;
      const { subject: program, source, id } = record.attributes;
      const { episode, disposition, by, note } = record.data;
      const about = placeNamed(episode);
      if (disposition === null || about === null || partitionOf(program, this.#partitions) !== this.#partition) continue;
      const key = digest([program, source, id]);
      if (this.#seen.has(key)) continue;
      if (this.#reviews.length >= REVIEWS_MAX) throw new UserError(`the log has more than ${REVIEWS_MAX} reviews`);
      this.#seen.add(key);
      const place = { offset: offsets[i]!, appendedAtMs: appendedAtMs[i]! };
      this.#reviews.push({ program, about, disposition, by: cut(by), note: cut(note), ...place });
    }
  }
}

/** What others appended. */
function cut(text: string): string {
  return text.slice(0, REVIEW_WORDS_CHARS_MAX);
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}

interface ReviewToAppend {
  readonly episode: Episode;
  readonly disposition: Disposition;
  readonly by: string;
  readonly note: string;
  /** Reviews of this episode before it. */
  readonly before: number;
  readonly nowMs: number;
}

/**
 * Appends a review to the partition of its program. The id follows from what is said and from how many there were: said twice at once it
 * counts once, and who comes back to an earlier conclusion is heard. Reviews are facts of no authority: whoever can append may.
 */
export async function appendReview(log: EventLog, review: ReviewToAppend): Promise<void> {
  const { episode, disposition, by, note, before, nowMs } = review;
  const { id: name, program: subject, partition } = episode;
  const id = `${name}/${before}/${digest([disposition, by, note])}`;
  const time = new Date(nowMs).toISOString();
  const data = { episode: name, disposition, by, note };
  const event = { specversion: '1.0', id, source: SOURCE, type: 'ntk.review', subject, time, data };
  const values = [Buffer.from(JSON.stringify(event), 'utf8')];
  // Not `live`: a command is no host that could fall silent, and a log of history stays one.
  await log.commit({ appends: [{ stream: 'access', partition, values, keys: [subject], origin: ORIGIN.run }] });
}
