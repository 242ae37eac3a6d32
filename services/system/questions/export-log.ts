/**
 * What hosts and reviewers said, as lines of a file from which another folder judges it anew: under a stricter policy, to see what that would
 * have intercepted. Left out is what belongs to this log alone: its policies, keys and priors, heartbeats, words about its alarms, and what was
 * rejected, so that what was not believed here is not believed there.
 */
import { SIGNED_TYPES } from '../../../schemas/codes.ts';
import { EVERY_PROGRAM } from '../../../schemas/events/cloudevent.ts';
import { encodingOf, parseJson } from '../../domain/record/json.ts';
import type { EventLog, RecordBatch } from '../../platform/log/event-log.ts';
import { readBatches } from '../../platform/log/read-batches.ts';
import { readRejects } from './stored-rejects.ts';

const READ = { maxRecords: 2_000, maxBytes: 4 * 1024 * 1024 };
/** Bytes of lines that are handed on together. */
const PIECE_BYTES = 256 * 1024;
const LINE_END = Buffer.from('\n');
const [CR, LF] = [0x0d, 0x0a];

/** Standings, entitlements and erasures are facts about programs and people; what else is signed is about this log. */
const KEPT_OF_SIGNED: ReadonlySet<string> = new Set(['ntk.standing', 'ntk.entitlement', 'ntk.erasure']);
const LEFT_OUT: ReadonlySet<unknown> = new Set([
  'ntk.heartbeat',
  'ntk.review',
  ...SIGNED_TYPES.filter((type) => !KEPT_OF_SIGNED.has(type)),
]);

export interface ExportRange {
  /** Accesses that arrived earlier are left out; facts before it still hold. Milliseconds since 1970. */
  readonly fromMs: number;
  /** Whatever arrived from then on is left out. */
  readonly toMs: number;
}

export interface ExportCounts {
  accesses: number;
  facts: number;
  rejected: number;
}

/**
 * A copy of what concerns everybody came into each partition at another moment: so far apart, milliseconds, at most. The one that is told has to
 * stand between the records of each program as its copy does there.
 */
const COPIES_SPREAD_MS = 10_000;

/**
 * Bytes of whole lines: the records of each program in the order of the log, those of several about as they arrived, and what concerns everybody
 * where its copies stand. `counts` is filled meanwhile.
 */
export async function* exportedLines(
  log: EventLog,
  range: ExportRange,
  counts: ExportCounts,
  onProgress: (records: number) => void,
): AsyncGenerator<Buffer> {
  const rejected = await rejectedOffsets(log);
  const cursors: Cursor[] = [];
  for (let partition = 0; partition < log.partitions; partition++) {
    const cursor = new Cursor(readBatches(log, 'access', partition, READ), partition, rejected);
    if (await cursor.next()) cursors.push(cursor);
  }
  const told = new Set<string>();
  let [pieces, bytes, read]: [Buffer[], number, number] = [[], 0, 0];
  for (let cursor = following(cursors); cursor !== null; cursor = following(cursors)) {
    const { copyOf } = cursor;
    const line = copyOf !== null && told.has(copyOf) ? null : lineOf(cursor, range, counts);
    if (copyOf !== null) told.add(copyOf);
    if (line !== null) {
      pieces.push(line, LINE_END);
      bytes += line.length + 1;
    }
    read++;
    if (bytes >= PIECE_BYTES) {
      onProgress(read);
      yield Buffer.concat(pieces);
      [pieces, bytes] = [[], 0];
    }
    for (const one of copyOf === null ? [cursor] : cursors.filter((other) => other.copyOf === copyOf))
      if (!(await one.next())) cursors.splice(cursors.indexOf(one), 1);
  }
  if (bytes > 0) yield Buffer.concat(pieces);
}

interface Event {
  readonly type?: unknown;
  readonly subject?: unknown;
  readonly source?: unknown;
  readonly id?: unknown;
}

/** One partition of the log, record by record. */
class Cursor {
  readonly #partition: number;
  readonly #batches: AsyncGenerator<RecordBatch>;
  readonly #rejected: ReadonlySet<string>;
  #batch: RecordBatch | null = null;
  #at = -1;
  /** Null: it cannot be read, or did not count. */
  event: Event | null = null;
  /** What concerns everybody, of which each partition has one; null for everything else. */
  copyOf: string | null = null;

  constructor(batches: AsyncGenerator<RecordBatch>, partition: number, rejected: ReadonlySet<string>) {
    this.#batches = batches;
    this.#partition = partition;
    this.#rejected = rejected;
  }

  get appendedAtMs(): number {
    return this.#batch!.appendedAtMs[this.#at]!;
  }

  /** Stays as it is until the next batch is read. */
  get record(): Buffer {
    const { bytes, starts } = this.#batch!;
    return bytes.subarray(starts[this.#at], starts[this.#at + 1]);
  }

  /** False: there is none. */
  async next(): Promise<boolean> {
    this.#at++;
    while (this.#batch === null || this.#at >= this.#batch.count) {
      const next = await this.#batches.next();
      if (next.done === true) return false;
      [this.#batch, this.#at] = [next.value, 0];
    }
    const { record } = this;
    const event = parseJson(record, 0, record.length, encodingOf(record));
    const counts =
      typeof event === 'object' && event !== null && !this.#rejected.has(`${this.#partition}:${this.#batch.offsets[this.#at]}`);
    this.event = counts ? event : null;
    this.copyOf = this.event?.subject === EVERY_PROGRAM ? JSON.stringify([this.event.source, this.event.id]) : null;
    return true;
  }
}

/** The earliest, of one millisecond that of the lowest partition, so that two exports of a log are the same; null at the end. */
function following(cursors: readonly Cursor[]): Cursor | null {
  const own = earliest(cursors.filter(({ copyOf }) => copyOf === null));
  const copy = earliest(cursors.filter(({ copyOf }) => copyOf !== null));
  if (copy === null || own === null) return copy ?? own;
  return own.appendedAtMs > copy.appendedAtMs + COPIES_SPREAD_MS ? copy : own;
}

function earliest(cursors: readonly Cursor[]): Cursor | null {
  let first: Cursor | null = null;
  for (const cursor of cursors) if (first === null || cursor.appendedAtMs < first.appendedAtMs) first = cursor;
  return first;
}

/** Null: left out. */
function lineOf({ event, record, appendedAtMs }: Cursor, { fromMs, toMs }: ExportRange, counts: ExportCounts): Buffer | null {
  if (appendedAtMs >= toMs) return null;
  if (event === null) {
    counts.rejected++;
    return null;
  }
  if (LEFT_OUT.has(event.type)) return null;
  if (event.type === 'ntk.access') {
    if (appendedAtMs < fromMs) return null;
    counts.accesses++;
  } else counts.facts++;
  // A record may have line ends between its names.
  return record.includes(LF) || record.includes(CR) ? Buffer.from(JSON.stringify(event), 'utf8') : Buffer.from(record);
}

async function rejectedOffsets(log: EventLog): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for await (const { id } of readRejects(log)) ids.add(id);
  return ids;
}
