/** Folds the log again up to accesses, and says what every check compared and whether the stored rows are what comes out. */
import { type CheckExplanation, explainChecks } from '../domain/wording/explain-checks.ts';
import type { Authority } from '../domain/authority/authority.ts';
import type { ResultRow } from '../domain/results/row.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import { readStoredRows } from './compare-rows.ts';
import { type KeptStates, reachesBackTo, type Refold, startBefore } from './refold.ts';

export interface Recomputed {
  readonly offset: number;
  readonly checks: readonly CheckExplanation[];
  /** The row that comes out of the fold equals the stored one byte for byte. */
  readonly isProved: boolean;
  readonly remedy: string;
}

export interface RecomputeOptions {
  readonly log: EventLog;
  readonly warehouse: Warehouse;
  readonly partition: number;
  readonly storedUser: (user: string) => string;
  readonly authority: Authority;
  readonly keptStates: KeptStates;
  readonly onProgress?: (position: number) => void;
}

/** Of one partition, page after page: what was folded for one need not be folded again for those that lie behind it. */
export class Recomputation {
  readonly #options: RecomputeOptions;
  #refold: Refold | null = null;
  /** Where it began. */
  #from = 0;

  constructor(options: RecomputeOptions) {
    this.#options = options;
  }

  /** By offset of the accesses asked for; what cannot be folded again is not in it. */
  async explain(asked: ReadonlySet<number>): Promise<Map<number, Recomputed>> {
    if (asked.size === 0) return new Map();
    const offsets = [...asked].toSorted((a, b) => a - b);
    const refold = await this.#startFor(offsets[0]!, offsets.at(-1)!);
    const reached = new Set(offsets.filter((offset) => refold !== null && offset >= refold.position));
    if (refold === null || reached.size === 0) return new Map();
    const results = await explained(this.#options, refold, reached, offsets.at(-1)! + 1);
    if (results === null) this.#refold = null;
    return results ?? new Map();
  }

  async #startFor(first: number, last: number): Promise<Refold | null> {
    const kept = this.#refold;
    const nearer = this.#options.keptStates.candidates(first)[0]?.offset ?? 0;
    const goesOn = kept !== null && kept.position <= first && (await reachesBackTo(this.#options, last)) <= this.#from;
    if (goesOn && (this.#from === 0 || nearer <= kept.position)) return kept;
    this.#refold = await startBefore(this.#options, first, last);
    this.#from = this.#refold?.position ?? 0;
    return this.#refold;
  }
}

/** Null where the log ends before. */
async function explained(
  { log, warehouse, partition, onProgress }: RecomputeOptions,
  refold: Refold,
  offsets: ReadonlySet<number>,
  to: number,
): Promise<Map<number, Recomputed> | null> {
  const results = new Map<number, Recomputed>();
  const found = new Map<number, { checks: CheckExplanation[]; remedy: string }>();
  const onAccess = (row: ResultRow): void => {
    if (offsets.has(row.offset))
      found.set(row.offset, { checks: explainChecks(row.judgement, row.attributes.source), remedy: row.judgement.remedy });
  };
  const complete = await refold.upTo(
    to,
    async (piece) => {
      // One question a piece, not one an access.
      const asked = piece.rowOffsets.filter((offset) => found.has(offset));
      const range = { logId: log.logId, partition, from: asked[0] ?? 0, to: (asked.at(-1) ?? -1) + 1 };
      const storedRows = asked.length === 0 ? [] : await readStoredRows(warehouse, range, true);
      const stored = Map.groupBy(storedRows, ({ offset }) => offset);
      for (const [i, offset] of piece.rowOffsets.entries()) {
        const explanation = found.get(offset);
        if (explanation === undefined) continue;
        const row = piece.rows.written().subarray(i === 0 ? 0 : piece.rowEnds[i - 1], piece.rowEnds[i]);
        const copies = stored.get(offset) ?? [];
        results.set(offset, { offset, ...explanation, isProved: copies.length === 1 && copies[0]!.bytes.equals(row) });
      }
      onProgress?.(piece.next);
    },
    onAccess,
  );
  return complete ? results : null;
}
