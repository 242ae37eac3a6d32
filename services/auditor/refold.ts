/**
 * Folds a partition's log again without writing anything: from its beginning, or from the newest checkpoint that lies before
 * what is asked for. What comes out must equal what is stored.
 */
import { CATALOGUE_HASH } from '../../schemas/catalogue/index.ts';
import type { BlockHeader } from '../../schemas/results/block.ts';
import { type Authority, authorityMark } from '../domain/authority/authority.ts';
import { ENGINE_VERSION } from '../domain/engine.ts';
import { PartitionFold } from '../domain/fold/fold.ts';
import type { PartitionState } from '../domain/fold/partition-state.ts';
import { inputBelow } from '../domain/fold/fold-input.ts';
import type { BatchOutcome } from '../domain/fold/batch-outcome.ts';
import { parseGenerally } from '../domain/record/parse.ts';
import type { ResultRow } from '../domain/results/row.ts';
import type { EventLog, RecordBatch } from '../platform/log/event-log.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import { judgedByOthersUpTo, standsForLostBlocks } from './ledger.ts';

export interface RefoldOptions {
  readonly log: EventLog;
  readonly partition: number;
  readonly storedUser: (user: string) => string;
  readonly authority: Authority;
  /** When what comes out was judged, milliseconds since 1970. @default 0 */
  readonly scoredAtMs?: number;
}

const READ = { maxRecords: 5_000, maxBytes: 4 * 1024 * 1024 };

/** A state that was kept: that after folding everything below `offset`. */
export interface KeptState {
  readonly offset: number;
  readonly engine: number;
  readonly catalogueHash: string;
  readonly authority: string;
  readonly rowsHash: string;
  /** Another engine, catalogue or authority judged what lies before it. */
  readonly isTakenOver: boolean;
  /** End of the newest gap before it whose records its state lacks; 0 without one. */
  readonly gapEnd: number;
}

/** States that were kept of a partition: the scorer's checkpoints. */
export interface KeptStates {
  /** Those at or before a position, newest first; none from before the newest accepted gap. */
  candidates(position: number): readonly KeptState[];
  /** Answers false when it cannot be had; `into` is then unusable. */
  restore(kept: KeptState, into: PartitionState): Promise<boolean>;
}

export interface StartOptions extends RefoldOptions {
  readonly keptStates: KeptStates;
}

export interface StartBeforeOptions extends StartOptions {
  /** Its ledger says which engine judged what. */
  readonly warehouse: Warehouse;
}

/**
 * As far back as what is judged can be folded again: from the log's beginning, or the oldest kept state that the log reaches back to
 * and whose rows are those of a block that ends there. Null when nothing of it can. All blocks from there on are of this engine and
 * authority.
 */
export async function oldestStart(options: StartOptions, headers: readonly BlockHeader[]): Promise<Refold | null> {
  const { log, partition, keptStates } = options;
  const { start } = await log.bounds('access', partition);
  // What stands behind a gap of the scorer was judged without its records, also where the log has them again.
  const endsAll = (header: BlockHeader): boolean =>
    !isOurs(options, header) || (header.gap !== undefined && !standsForLostBlocks(header));
  const from = Math.max(start, headers.findLast(endsAll)?.next ?? 0);
  if (from === 0) return new Refold(options);
  const hashAt = new Map(headers.map(({ next, rowsHash }) => [next, rowsHash]));
  for (const kept of keptStates.candidates(headers.at(-1)?.next ?? 0).toReversed()) {
    const { isWithin, to } = givenUpAt(headers, kept.offset);
    // Of rows that were given up nobody has a hash: what is behind them is held against its own.
    if (kept.offset < from || !isOurs(options, kept) || (!isWithin && hashAt.get(kept.offset) !== kept.rowsHash)) continue;
    const refold = await restored(options, kept);
    if (refold !== null && (await refold.upTo(to, () => {}))) return refold;
  }
  return null;
}

/** Whether an offset lies behind the beginning of blocks that were given up, and where those end that lie there or begin there. */
function givenUpAt(headers: readonly BlockHeader[], offset: number): { readonly isWithin: boolean; readonly to: number } {
  let isWithin = false;
  let to = offset;
  for (const header of headers) {
    if (header.gap === undefined || !standsForLostBlocks(header) || header.first > to || header.next < to) continue;
    isWithin ||= header.first < to;
    to = header.next;
  }
  return { isWithin, to };
}

/**
 * To fold again what was judged from one offset on up to another: from the log's beginning, or the newest kept state before the first. Where the
 * log is gone there, or another engine, catalogue or authority judged it or the records before it since a state that is not kept: from the oldest
 * kept state between the two. Null when there is none.
 */
export async function startBefore(options: StartBeforeOptions, first: number, last = first): Promise<Refold | null> {
  const { keptStates } = options;
  const from = await reachesBackTo(options, last);
  if (from === 0) return new Refold(options);
  const sound = keptStates.candidates(last).filter((kept) => kept.offset >= from && isOurs(options, kept));
  const [before, behind] = [sound.filter(({ offset }) => offset <= first), sound.filter(({ offset }) => offset > first)];
  for (const kept of [...before, ...behind.toReversed()]) {
    const refold = await restored(options, kept);
    if (refold !== null) return refold;
  }
  return null;
}

/** The lowest offset from which on everything up to this one can be folded again, given the state there; 0: from the beginning. */
export async function reachesBackTo(options: StartBeforeOptions, offset: number): Promise<number> {
  const { log, partition, keptStates, warehouse } = options;
  const { start } = await log.bounds('access', partition);
  const all = keptStates.candidates(Number.POSITIVE_INFINITY);
  const ofOthers = all.filter((kept) => kept.isTakenOver || !isOurs(options, kept));
  const gapEnds = all.map(({ gapEnd }) => gapEnd).filter((gapEnd) => gapEnd <= offset);
  const othersUpTo = await judgedByOthersUpTo(warehouse, log.logId, partition, offset);
  return Math.max(
    start,
    othersUpTo,
    ...gapEnds,
    ...ofOthers.map((kept) => (isOurs(options, kept) ? kept.offset : kept.offset + 1)),
  );
}

function isOurs({ authority }: RefoldOptions, made: KeptState | BlockHeader): boolean {
  return otherMaker(made, authorityMark(authority)) === null;
}

/** What this release and configuration fold otherwise than it was; null: nothing. Of what the ledger alone has nobody knows whose facts counted. `mark`: of the authority. */
export function otherMaker(
  made: Pick<BlockHeader, 'engine' | 'catalogueHash' | 'authority'>,
  mark: string,
): 'other_engine' | 'other_authority' | null {
  if (made.engine !== ENGINE_VERSION || made.catalogueHash !== CATALOGUE_HASH) return 'other_engine';
  return made.authority === '' || made.authority === mark ? null : 'other_authority';
}

async function restored(options: StartOptions, kept: KeptState): Promise<Refold | null> {
  const refold = new Refold(options);
  return (await options.keptStates.restore(kept, refold.fold.state)) ? refold : null;
}

export class Refold {
  readonly #options: RefoldOptions;
  readonly fold: PartitionFold;
  #batch: RecordBatch | null = null;

  constructor(options: RefoldOptions) {
    this.#options = options;
    const { log, partition, storedUser, authority } = options;
    const { partitions, logId } = log;
    // The general way: a fault of the scorer's short one is found, and not made again.
    const parse = parseGenerally;
    this.fold = new PartitionFold({ logId, partition, partitions, storedUser, authority, parse });
  }

  get position(): number {
    return this.fold.state.position;
  }

  /** Chained over all rows before the position. */
  get rowsHash(): string {
    return this.fold.state.chain.hash;
  }

  /**
   * Folds up to `next` (not included) in pieces of a few thousand records, each given to `onPiece`.
   * Answers false when the log ends before.
   */
  async upTo(
    next: number,
    onPiece: (piece: BatchOutcome) => void | Promise<void>,
    onAccess?: (row: ResultRow) => void,
  ): Promise<boolean> {
    while (this.position < next) {
      const batch = await this.#read();
      const part = inputBelow(batch, next);
      if (part.nextOffset <= this.position) return false;
      await onPiece(this.fold.fold(part, this.#options.scoredAtMs ?? 0, onAccess));
    }
    return true;
  }

  /** A batch is kept until all of it is folded: pieces end where blocks did, not where reads do. */
  async #read(): Promise<RecordBatch> {
    if (this.#batch === null || this.#batch.nextOffset <= this.position) {
      this.#batch = await this.#options.log.read('access', this.#options.partition, this.position, READ);
    }
    return this.#batch;
  }
}
