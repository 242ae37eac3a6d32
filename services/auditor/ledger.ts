/** The ledger `ntk.blocks` as it is stored, and the blocks as the log still has them. */
import { CATALOGUE_HASH } from '../../schemas/catalogue/index.ts';
import type { AcceptedGap, BlockHeader } from '../../schemas/results/block.ts';
import { ENGINE_VERSION } from '../domain/engine.ts';
import { type Block, blocksOf, entryHash, figuresOf } from '../domain/results/block.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import { readBatches } from '../platform/log/read-batches.ts';
import { REMADE } from '../platform/warehouse/ledger-row.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';

/** A ledger entry as stored; `copies` counts it physically, without FINAL. */
export interface LedgerEntry {
  readonly header: BlockHeader;
  readonly copies: number;
  /** Users whose rows were erased when it was written. */
  readonly erasures: number;
}

interface LedgerRow {
  readonly first: string;
  readonly next: string;
  readonly engine: number;
  readonly catalogue_hash: string;
  readonly accesses: string;
  readonly facts: Record<string, string>;
  readonly stale_facts: string;
  readonly duplicates: string;
  readonly rejects: Record<string, string>;
  readonly heartbeats: string;
  readonly policy_copies: string;
  readonly live_records: string;
  readonly scored_ms: string;
  readonly min_ms: string | null;
  readonly max_ms: string | null;
  readonly rows_hash: string;
  readonly entry_hash: string;
  readonly copies: string;
  readonly erasures: string;
  readonly kind: 'block' | 'gap';
  readonly state_from: string;
  readonly state_to: string;
  readonly accepted_by: string;
  readonly reason: string;
}

const numbers = (counts: Record<string, string>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Number(count)]));

/** Entries of a partition in the order of the log. */
export async function readLedger(warehouse: Warehouse, logId: string, partition: number): Promise<LedgerEntry[]> {
  const rows = await warehouse.query<LedgerRow>(
    `SELECT first, next, engine, catalogue_hash, accesses, facts, stale_facts, duplicates, rejects, heartbeats, policy_copies, live_records,
       toUnixTimestamp64Milli(scored_at) AS scored_ms, toUnixTimestamp64Milli(event_time_min) AS min_ms,
       toUnixTimestamp64Milli(event_time_max) AS max_ms, rows_hash, entry_hash, erasures, kind, state_from, state_to,
       accepted_by, reason, copies
     FROM (SELECT * FROM ntk.blocks FINAL WHERE log_id = {logId:UUID} AND partition = {partition:UInt16}) AS b
     LEFT JOIN (SELECT first AS copy_first, state_to AS copy_state_to, count() AS copies FROM ntk.blocks
                WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} GROUP BY first, state_to) AS c
       ON b.first = c.copy_first AND b.state_to = c.copy_state_to
     ORDER BY first, next, state_to`,
    { logId, partition },
  );
  return rows.map((row) => ({
    copies: Number(row.copies),
    erasures: Number(row.erasures),
    header: {
      logId,
      partition,
      first: Number(row.first),
      next: Number(row.next),
      engine: Number(row.engine),
      catalogueHash: row.catalogue_hash,
      accesses: Number(row.accesses),
      facts: numbers(row.facts),
      staleFacts: Number(row.stale_facts),
      duplicates: Number(row.duplicates),
      rejects: numbers(row.rejects),
      heartbeats: Number(row.heartbeats),
      policyCopies: Number(row.policy_copies),
      liveRecords: Number(row.live_records),
      scoredAtMs: Number(row.scored_ms),
      eventTimeMinMs: row.min_ms === null ? null : Number(row.min_ms),
      eventTimeMaxMs: row.max_ms === null ? null : Number(row.max_ms),
      rowsHash: row.rows_hash,
      entryHash: row.entry_hash,
      authority: '',
      erasures: [],
      liveArrivals: [],
      ...(row.kind === 'gap' ? { gap: gapOf(row) } : row.reason === REMADE ? { remade: true } : {}),
    },
  }));
}

function gapOf({ state_from, state_to, accepted_by, reason }: LedgerRow): AcceptedGap {
  return { stateFrom: Number(state_from), stateTo: Number(state_to), by: accepted_by, reason };
}

/** Blocks before it were lost and made again or given up: the log has no block for it, and none behind it is chained to it. */
export function standsForLostBlocks({ gap, remade }: BlockHeader): boolean {
  return remade === true || (gap !== undefined && gap.stateFrom === gap.stateTo);
}

/** What tells the entries of a partition apart: a gap that covers no offset has the `first` of the block behind it. */
export function entryKey({ first, gap }: Pick<BlockHeader, 'first' | 'gap'>): string {
  return `${first} ${gap?.stateTo ?? 0}`;
}

/** Whether an entry's own hash follows from its figures and the entry before. */
export function isChained(before: string, header: BlockHeader): boolean {
  return entryHash(before, figuresOf(header)) === header.entryHash;
}

/** Source offset at which the last block ends that another engine or catalogue judged, among those that begin at or before an offset; 0: none. */
export async function judgedByOthersUpTo(
  warehouse: Warehouse,
  logId: string,
  partition: number,
  offset: number,
): Promise<number> {
  const [row] = await warehouse.query<{ next: string }>(
    `SELECT max(next) AS next FROM ntk.blocks FINAL WHERE log_id = {logId:UUID} AND partition = {partition:UInt16} AND kind = 'block'
     AND first <= {offset:UInt64} AND (engine != {engine:UInt16} OR catalogue_hash != {catalogue:String})`,
    { logId, partition, offset, engine: ENGINE_VERSION, catalogue: CATALOGUE_HASH },
  );
  return Number(row?.next ?? 0);
}

const READ = { maxRecords: 16, maxBytes: 16 * 1024 * 1024 };

/** Headers of the blocks that the log still has, in order. */
export async function* readBlockHeaders(log: EventLog, partition: number): AsyncIterable<BlockHeader> {
  for await (const { header } of readBlocks(log, partition)) yield header;
}

/** Their rows are valid until the next one is asked for. */
async function* readBlocks(log: EventLog, partition: number): AsyncGenerator<Block, void> {
  for await (const batch of readBatches(log, 'results', partition, READ)) yield* blocksOf(batch);
}

/** The blocks that the log still has, for who goes through their headers in order. */
export class BlocksOfLog {
  readonly #blocks: AsyncGenerator<Block, void>;
  #next: Block | null | undefined;

  constructor(log: EventLog, partition: number) {
    this.#blocks = readBlocks(log, partition);
  }

  /** A copy of the rows of the block that a header is of; null when the log has none. */
  async rows(header: BlockHeader): Promise<Buffer | null> {
    for (;;) {
      if (this.#next === undefined) {
        const step = await this.#blocks.next();
        this.#next = step.done === true ? null : step.value;
      }
      if (this.#next === null || this.#next.header.first > header.first) return null;
      const { header: found, rows } = this.#next;
      if (found.first === header.first && found.entryHash === header.entryHash) return Buffer.from(rows);
      if (found.first === header.first && found.gap === undefined) return null;
      this.#next = undefined;
    }
  }
}
