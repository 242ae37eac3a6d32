/**
 * Imports one opened file into the log, chunk by chunk. The order of persisting:
 *   1. look up the ledger by the file's SHA-256: done means that nothing is left to do; half done, that its records are skipped;
 *   2. wait to be admitted (back-pressure);
 *   3. commit a chunk and the new ledger entry in one transaction. Killed before: nothing of the chunk is there. Killed after: the
 *      next import goes on behind it;
 *   4. forget how far it got when the file turns out to be another one than was hashed. Killed before: the hash is wrong about what of
 *      the file was read, as it is when the process is killed while somebody writes into its input.
 * Two imports of the same bytes at the same time are kept apart by {@link ImportTurns} in a process, and by nothing in two; the window of
 * duplicates then decides.
 */
import type { EventLog, Origin } from '../platform/log/event-log.ts';
import { convertAppOps } from './android/appops.ts';
import { convertAppleReport } from './apple/apple-report.ts';
import { type Convert, isRemembered } from './candidate.ts';
import { convertCloudEvents } from './cloudevents.ts';
import { DEFAULT_DEVICE_USER, DEFAULT_UTC_OFFSET, type ImportFormat } from './formats.ts';
import { CHUNK_RECORDS_MAX, ImportChunk, mustCommitBefore } from './import-chunk.ts';
import { type ImportEntry, putImportEntry, readImportEntry } from './import-ledger.ts';
import type { Input } from './input/open-input.ts';
import type { InputProblem } from './input/problem.ts';
import { lookedAt } from './likely-format.ts';
import { LineSplitter, linesOf } from './lines.ts';
import { type OddThing, OddThings } from './odd-things.ts';
import { convertWeChatDeclarations } from './wechat/wechat-declarations.ts';

export interface ImportProgress {
  /** Of the file, with those of earlier imports. */
  readonly records: number;
  /** Of the file as stored. */
  readonly readBytes: number;
  readonly sizeBytes: number;
}

export interface ImportOptions {
  readonly format: ImportFormat;
  readonly origin: Origin;
  /** What the file is called where it comes from. @default the name of the input */
  readonly name?: string;
  /** Kept in the ledger from the first chunk on; see {@link ImportEntry}. */
  readonly startedWith: string;
  /** Awaited before each chunk, with the records of the file so far. An error of it ends the import as a kill would. */
  readonly admit?: (records: number) => Promise<void>;
  /** Records of a chunk at most, given those of the file before it. @default 5,000 */
  readonly chunkRecords?: (recordsBefore: number) => number;
  /** Called after each chunk. */
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Aborting ends the import; what is not committed yet is left for the next one. */
  readonly signal?: AbortSignal;
  /** The user of a report of one device. Default `device-1`. */
  readonly deviceUser?: string;
  /** Of times that name none: `Z` (the default) or `+08:00`. */
  readonly utcOffset?: string;
}

export interface ImportSummary {
  /**
   * `complete`: read to its end now. `already_complete`: was so before, nothing was done. `stopped`: by the signal.
   * `incomplete`: the input has a problem; what could be read was imported.
   */
  readonly status: 'complete' | 'already_complete' | 'stopped' | 'incomplete';
  readonly name: string;
  readonly sha256: string;
  readonly format: ImportFormat;
  /** Of the file so far, with those of earlier imports. */
  readonly records: number;
  /** By this import; a record that goes to every partition is one. */
  readonly appended: number;
  /** Records that an earlier import of the same bytes had dealt with. */
  readonly skipped: number;
  /** Records whose content was already there from another file: intervals and network rows of overlapping reports. */
  readonly alreadyKnown: number;
  readonly blankLines: number;
  readonly odd: readonly OddThing[];
  readonly problem: InputProblem | null;
  /** The earliest of a sample of the accesses that this import appended, one a chunk; microseconds since 1970. */
  readonly earliestAccessUs?: number;
  /** Its times were read at this offset from UTC by an earlier import, and stay so: another one was asked for now. */
  readonly otherUtcOffset?: string;
}

const CONVERTERS: Readonly<Record<ImportFormat, Convert>> = {
  cloudevents: convertCloudEvents,
  'apple-privacy-report': convertAppleReport,
  'wechat-declarations': convertWeChatDeclarations,
  'android-appops': convertAppOps,
};

/** Errors of the log (LogError) are thrown; what was committed before stays and the next import goes on behind it. */
export async function importFile(log: EventLog, input: Input, options: ImportOptions): Promise<ImportSummary> {
  const before = await readImportEntry(log, input.sha256, options.format);
  const run = new ImportRun(log, input, options, before);
  if (before?.done) return run.summary('already_complete');
  return run.run();
}

class ImportRun {
  readonly #log: EventLog;
  readonly #input: Input;
  readonly #options: ImportOptions;
  readonly #skipped: number;
  readonly #splitter = new LineSplitter();
  readonly #odd = new OddThings();
  #entry: ImportEntry;
  #chunk: ImportChunk;
  #appended = 0;
  #alreadyKnown = 0;
  #earliestAccessUs = Number.POSITIVE_INFINITY;

  constructor(log: EventLog, input: Input, options: ImportOptions, before: ImportEntry | null) {
    const { format, startedWith, name = input.name } = options;
    this.#log = log;
    this.#input = input;
    this.#options = options;
    this.#skipped = before?.records ?? 0;
    const utcOffset = hasOffset(format) ? { utcOffset: this.#askedOffset } : {};
    this.#entry = before ?? { records: 0, appended: 0, bytes: 0, done: false, format, name, startedWith, ...utcOffset };
    this.#chunk = this.#newChunk();
  }

  /** That of the import which began with the file, or the rest would be read otherwise than what came before. */
  get #utcOffset(): string {
    return this.#entry.utcOffset ?? this.#askedOffset;
  }

  get #askedOffset(): string {
    return this.#options.utcOffset ?? DEFAULT_UTC_OFFSET;
  }

  #newChunk(): ImportChunk {
    return new ImportChunk(this.#log, this.#options.chunkRecords?.(this.#entry.records) ?? CHUNK_RECORDS_MAX);
  }

  async run(): Promise<ImportSummary> {
    const { format, deviceUser = DEFAULT_DEVICE_USER } = this.#options;
    const lines = lookedAt(linesOf(this.#input.chunks(), this.#splitter), format, this.#odd);
    const converted = CONVERTERS[format](lines, {
      partitions: this.#log.partitions,
      skip: this.#skipped,
      odd: this.#odd,
      deviceUser,
      utcOffset: this.#utcOffset,
    });
    for await (const candidates of converted) {
      if (this.#options.signal?.aborted) return this.summary('stopped');
      for (const candidate of candidates) {
        if (mustCommitBefore(this.#chunk, candidate) && !(await this.#commit(false))) return this.summary('stopped');
        if (isRemembered(candidate)) await this.#chunk.resolve(candidate);
        else this.#chunk.add(candidate);
      }
    }
    const { problem } = this.#input;
    const isDone = problem === null;
    const isStopped = (isDone || this.#chunk.records > 0) && !(await this.#commit(isDone));
    if (problem?.code === 'input_changed') await this.#forget();
    if (isStopped) return this.summary('stopped');
    return this.summary(isDone ? 'complete' : 'incomplete');
  }

  /**
   * What was appended is not what the hash stands for. Were it remembered, the file as it was hashed would be taken for read where this import
   * got to; so it begins anew then, and what is in the log already is recognised there.
   */
  async #forget(): Promise<void> {
    const entry: ImportEntry = { ...this.#entry, records: 0, appended: 0, bytes: 0 };
    await this.#log.commit({ puts: [putImportEntry(this.#input.sha256, entry)] });
  }

  /** False, with nothing committed, when the import was aborted. */
  async #commit(done: boolean): Promise<boolean> {
    const { admit, onProgress, origin, signal } = this.#options;
    await admit?.(this.#entry.records);
    if (signal?.aborted) return false;
    const chunk = this.#chunk;
    const entry: ImportEntry = {
      ...this.#entry,
      records: this.#entry.records + chunk.records,
      appended: this.#entry.appended + chunk.appended,
      bytes: this.#entry.bytes + chunk.bytes,
      done,
    };
    await this.#log.commit(chunk.transaction(origin, putImportEntry(this.#input.sha256, entry)));
    this.#entry = entry;
    this.#appended += chunk.appended;
    this.#alreadyKnown += chunk.records - chunk.appended;
    this.#earliestAccessUs = Math.min(this.#earliestAccessUs, chunk.accessTimeUs ?? Number.POSITIVE_INFINITY);
    this.#chunk = this.#newChunk();
    onProgress?.({ records: entry.records, readBytes: this.#input.readBytes, sizeBytes: this.#input.sizeBytes });
    return true;
  }

  summary(status: ImportSummary['status']): ImportSummary {
    return {
      status,
      name: this.#options.name ?? this.#input.name,
      sha256: this.#input.sha256,
      format: this.#options.format,
      records: this.#entry.records,
      appended: this.#appended,
      skipped: this.#skipped,
      alreadyKnown: this.#alreadyKnown,
      blankLines: this.#splitter.blankLines,
      odd: this.#odd.list(),
      problem: this.#input.problem,
      ...(Number.isFinite(this.#earliestAccessUs) ? { earliestAccessUs: this.#earliestAccessUs } : {}),
      ...(this.#utcOffset === this.#askedOffset ? {} : { otherUtcOffset: this.#utcOffset }),
    };
  }
}

/** The one format whose times name no offset. */
function hasOffset(format: ImportFormat): boolean {
  return format === 'android-appops';
}
