/**
 * The warehouse in memory, as far as the writer uses it: rows and ledger entries by their identity, every physical copy of them,
 * tokens by part (a part of an insert is one month), and the erasure of users' rows. SQL is not understood but recognised.
 */
import type { Readable } from 'node:stream';
import { LEDGER_COLUMNS } from '../../services/platform/warehouse/ledger-row.ts';
import { ROW_COLUMNS } from '../../schemas/results/columns.ts';
import { decodeRows } from '../../services/platform/warehouse/row-binary.ts';
import {
  type QueryParams,
  type RowsInsert,
  type Warehouse,
  WarehouseError,
} from '../../services/platform/warehouse/warehouse.ts';
import type { Fate } from './faults.ts';
import type { Network } from './simulated-process.ts';

export interface StoredRow {
  readonly bytes: Buffer;
  readonly partition: number;
  readonly offset: number;
  readonly user: string;
  readonly scoredAtMs: number;
}

const OFFSET = ROW_COLUMNS.findIndex(({ name }) => name === 'offset');
const APPENDED_AT = ROW_COLUMNS.findIndex(({ name }) => name === 'appended_at');
const USER = ROW_COLUMNS.findIndex(({ name }) => name === 'user');
const LOG_ID = LEDGER_COLUMNS.findIndex(({ name }) => name === 'log_id');
const PARTITION = LEDGER_COLUMNS.findIndex(({ name }) => name === 'partition');
const NEXT = LEDGER_COLUMNS.findIndex(({ name }) => name === 'next');
const ACCESSES = LEDGER_COLUMNS.findIndex(({ name }) => name === 'accesses');
const FIRST = LEDGER_COLUMNS.findIndex(({ name }) => name === 'first');
const ENTRY_HASH = LEDGER_COLUMNS.findIndex(({ name }) => name === 'entry_hash');
const SCORED_AT = LEDGER_COLUMNS.findIndex(({ name }) => name === 'scored_at');

/** The truth. Each method is one moment. */
export class SimulatedTables {
  readonly logId: string;
  /** Physical copies by identity (`partition offset`), the newest last. */
  readonly rows = new Map<string, StoredRow[]>();
  /** By `partition first`. */
  readonly entries = new Map<string, Buffer[]>();
  /** What may never happen and did. */
  readonly violations: string[] = [];
  readonly #tokens = new Set<string>();
  /** Rows that were there at some time, erased or not. */
  readonly #wereThere = new Set<string>();

  constructor(logId: string) {
    this.logId = logId;
  }

  forgetTokens(): boolean {
    const had = this.#tokens.size > 0;
    this.#tokens.clear();
    return had;
  }

  /** Adds what the token is not remembered for; with `partial` only the first month of it. */
  insert(insert: RowsInsert, isPartial: boolean): void {
    const parts = insert.table === 'blocks' ? this.#entryParts(insert) : this.#rowParts(insert);
    for (const [month, add] of [...parts].slice(0, isPartial ? 1 : undefined)) {
      const token = `${insert.table} ${month} ${insert.token}`;
      if (this.#tokens.has(token)) continue;
      this.#tokens.add(token);
      add.forEach((each) => each());
    }
  }

  #rowParts({ bytes, expressions = {} }: RowsInsert): Map<string, (() => void)[]> {
    if (expressions['log_id'] !== `toUUID('${this.logId}')`) throw new Error('rows of another log');
    const partition = Number(expressions['partition']);
    const scoredAt = scoredAtOf(expressions['scored_at'] ?? '');
    const parts = new Map<string, (() => void)[]>();
    for (const block of bytes) {
      const buffer = Buffer.from(block);
      for (const { start, end, values } of decodeRows(ROW_COLUMNS, buffer)) {
        const offset = values[OFFSET] as number;
        const row: StoredRow = {
          bytes: buffer.subarray(start, end),
          partition,
          offset,
          user: values[USER] as string,
          scoredAtMs: scoredAt(offset),
        };
        partOf(parts, monthOf(values[APPENDED_AT] as number)).push(() => {
          this.#wereThere.add(`${partition} ${offset}`);
          addTo(this.rows, `${partition} ${offset}`, row);
        });
      }
    }
    return parts;
  }

  #entryParts({ bytes }: RowsInsert): Map<string, (() => void)[]> {
    const parts = new Map<string, (() => void)[]>();
    for (const block of bytes) {
      const buffer = Buffer.from(block);
      for (const { start, end, values } of decodeRows(LEDGER_COLUMNS, buffer)) {
        if (values[LOG_ID] !== this.logId) throw new Error('an entry of another log');
        const [partition, first, next, accesses] = [PARTITION, FIRST, NEXT, ACCESSES].map((i) => values[i] as number);
        partOf(parts, monthOf(values[SCORED_AT] as number)).push(() => {
          this.#checkRowsOf(partition!, first!, next!, accesses!);
          addTo(this.entries, `${partition} ${first}`, buffer.subarray(start, end));
        });
      }
    }
    return parts;
  }

  /** An entry says that its rows are there. */
  #checkRowsOf(partition: number, first: number, next: number, accesses: number): void {
    let rows = 0;
    for (let offset = first; offset < next; offset++) if (this.#wereThere.has(`${partition} ${offset}`)) rows++;
    if (rows !== accesses)
      this.violations.push(`partition ${partition}: an entry of ${first}-${next} speaks of ${accesses} rows, there are ${rows}`);
  }

  /** The entry that ends last, of those that end behind an offset. */
  newestEntry(partition: number, behind: number): { readonly next: number; readonly entryHash: string } | null {
    let newest: { next: number; entryHash: string } | null = null;
    for (const copies of this.entries.values()) {
      for (const { values } of decodeRows(LEDGER_COLUMNS, copies.at(-1)!)) {
        const next = values[NEXT] as number;
        if (values[PARTITION] === partition && next > Math.max(behind, newest?.next ?? 0))
          newest = { next, entryHash: values[ENTRY_HASH] as string };
      }
    }
    return newest;
  }

  erase(partition: number, users: readonly string[], offsets: readonly number[]): void {
    for (const [key, [row]] of this.rows) {
      if (row!.partition !== partition) continue;
      if (users.some((user, i) => user === row!.user && row!.offset < offsets[i]!)) this.rows.delete(key);
    }
  }
}

function partOf(parts: Map<string, (() => void)[]>, month: string): (() => void)[] {
  const part = parts.get(month) ?? [];
  parts.set(month, part);
  return part;
}

function addTo<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const copies = map.get(key);
  if (copies === undefined) map.set(key, [value]);
  else copies.push(value);
}

const monthOf = (ms: number): string => new Date(ms).toISOString().slice(0, 7);

const ONE_TIME = /^fromUnixTimestamp64Milli\(toInt64\((\d+)\), 'UTC'\)$/;
const MANY_TIMES =
  /^fromUnixTimestamp64Milli\(toInt64\(transform\(roundDown\(offset, \[([\d,]+)\]\), \[([\d,]+)\], \[([\d,]+)\], toUInt64\(0\)\)\), 'UTC'\)$/;

/** The two expressions that say when a row was scored. */
function scoredAtOf(sql: string): (offset: number) => number {
  const [, one] = ONE_TIME.exec(sql) ?? [];
  if (one !== undefined) return () => Number(one);
  const [bounds, firsts, times] = (MANY_TIMES.exec(sql) ?? []).slice(1).map((list) => list.split(',').map(Number));
  if (bounds === undefined || firsts === undefined || times === undefined) throw new Error(`not understood: ${sql}`);
  return (offset) => {
    // roundDown: the greatest bound that is not above, or the lowest one.
    const bound = bounds.findLast((each) => each <= offset) ?? bounds[0]!;
    return times[firsts.indexOf(bound)] ?? 0;
  };
}

/** Client of one process. */
export class SimulatedWarehouse implements Warehouse {
  readonly description = 'a simulated warehouse';
  readonly #tables: SimulatedTables;
  readonly #network: Network;

  constructor(tables: SimulatedTables, network: Network) {
    this.#tables = tables;
    this.#network = network;
  }

  async insertRows(insert: RowsInsert): Promise<void> {
    const what = `insert ${insert.table} ${insert.token.slice(this.#tables.logId.length + 1)}`;
    await this.#network.call({ kind: 'insert', what, failure: away }, (fate: Fate) => {
      this.#tables.insert(insert, fate === 'partial');
    });
  }

  async command(sql: string, params: QueryParams = {}): Promise<void> {
    if (!sql.startsWith('ALTER TABLE ntk.access_results DELETE WHERE')) throw new Error(`not understood: ${sql}`);
    const { partition, users, offsets } = params as { partition: number; users: string[]; offsets: number[] };
    const what = `erase ${users.length} users of partition ${partition}`;
    await this.#network.call({ kind: 'erasure', what, failure: away }, () => this.#tables.erase(partition, users, offsets));
  }

  async query<Row>(sql: string, params: QueryParams = {}): Promise<Row[]> {
    if (!sql.startsWith('SELECT next, entry_hash FROM ntk.blocks WHERE')) throw new Error(`not understood: ${sql}`);
    const { partition, stored } = params as { partition: number; stored: number };
    const what = `ask for entries of partition ${partition} behind ${stored}`;
    const newest = await this.#network.call({ kind: 'read', what, failure: away }, () =>
      this.#tables.newestEntry(partition, stored),
    );
    return newest === null ? [] : [{ next: String(newest.next), entry_hash: newest.entryHash } as Row];
  }

  async stream(sql: string): Promise<Readable> {
    throw new Error(`not understood: ${sql}`);
  }

  async close(): Promise<void> {}
}

const away = (): WarehouseError => new WarehouseError('UNREACHABLE', true, 'simulated: no answer');
