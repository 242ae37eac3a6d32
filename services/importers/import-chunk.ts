/**
 * Gathers records until a transaction is full: up to 5,000 records or 4 MiB of them, whichever is reached first. What is remembered
 * in the import ledger is looked up in the chunk itself before it is looked up in the log.
 */
import type { Append, EventLog, Origin, Put } from '../platform/log/event-log.ts';
import { EVERY_PARTITION, subjectOf } from '../domain/partitioning/route-record.ts';
import { accessTimeUs } from './access-time.ts';
import { type Candidate, type Importable, isRemembered } from './candidate.ts';
import { LEDGER_PARTITION, ledgerPut } from './import-ledger.ts';

/** Unless the importer is asked for fewer. */
export const CHUNK_RECORDS_MAX = 5_000;
/** Counts each copy of a record that goes to every partition. A single record may exceed it. */
const CHUNK_BYTES_MAX = 4 * 1024 * 1024;
/** Of a chunk's first appended records, to find an access. */
const LOOKED_AT_MAX = 100;

export class ImportChunk {
  /** Candidates, appended or not. */
  records = 0;
  appended = 0;
  /** Of the appended records, each once. */
  bytes = 0;
  /** When the first access happened that is among its first records; microseconds since 1970. */
  accessTimeUs: number | null = null;
  readonly #values: Uint8Array[][];
  readonly #entries = new Map<string, Uint8Array>();
  readonly #log: EventLog;
  readonly #recordsMax: number;
  #copiedBytes = 0;

  constructor(log: EventLog, recordsMax: number) {
    this.#log = log;
    this.#recordsMax = recordsMax;
    this.#values = Array.from({ length: log.partitions }, () => []);
  }

  get isFull(): boolean {
    return this.records >= this.#recordsMax || this.#copiedBytes >= CHUNK_BYTES_MAX;
  }

  /** Whether a record that is not remembered still fits. */
  hasRoomFor({ partition, value }: Importable): boolean {
    const copies = partition === EVERY_PARTITION ? this.#values.length : 1;
    return !this.isFull && (this.records === 0 || this.#copiedBytes + copies * value.length <= CHUNK_BYTES_MAX);
  }

  add({ partition, value }: Importable): void {
    if (this.accessTimeUs === null && this.appended < LOOKED_AT_MAX) this.accessTimeUs = accessTimeUs(value);
    this.records++;
    this.appended++;
    this.bytes += value.length;
    if (partition === EVERY_PARTITION) {
      for (const values of this.#values) values.push(value);
      this.#copiedBytes += value.length * this.#values.length;
    } else {
      this.#values[partition]!.push(value);
      this.#copiedBytes += value.length;
    }
  }

  /** Adds what is new of a remembered candidate. */
  async resolve(candidate: Extract<Candidate, { key: string }>): Promise<void> {
    const { key } = candidate;
    const pending = this.#entries.get(key);
    const known = pending === undefined ? await this.#log.getKeyed('imports', LEDGER_PARTITION, key) : Buffer.from(pending);
    const { record, entry } = candidate.resolve(known);
    if (known === null || !known.equals(entry)) this.#entries.set(key, entry);
    if (record === null) this.records++;
    else this.add(record);
  }

  /** The chunk as one transaction, with the ledger's entry of the file. */
  transaction(origin: Origin, fileEntry: Put): { appends: Append[]; puts: Put[] } {
    const appends = this.#values.flatMap((values, partition): Append[] =>
      values.length === 0 ? [] : [{ stream: 'access', partition, values, keys: subjectOf, origin }],
    );
    return { appends, puts: [...[...this.#entries].map(([key, value]) => ledgerPut(key, value)), fileEntry] };
  }
}

/** Whether the chunk must be committed before `candidate` can be added. What a remembered one will weigh is not known yet: it is small. */
export function mustCommitBefore(chunk: ImportChunk, candidate: Candidate): boolean {
  return isRemembered(candidate) ? chunk.isFull : !chunk.hasRoomFor(candidate);
}
