/** Folds the log again up to one access, and says what every check compared and whether the stored row is what comes out. */
import { type CheckExplanation, explainChecks } from '../domain/wording/explain-checks.ts';
import type { Authority } from '../domain/authority/authority.ts';
import type { ResultRow } from '../domain/results/row.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import type { Warehouse } from '../platform/warehouse/warehouse.ts';
import { readStoredRows } from './compare-rows.ts';
import { type KeptStates, startBefore } from './refold.ts';

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
  /** Source offsets of the accesses to explain. */
  readonly offsets: ReadonlySet<number>;
  readonly onProgress?: (position: number) => void;
}

/** Answers by offset; an offset that the log no longer reaches is not in it. */
export async function recompute(options: RecomputeOptions): Promise<Map<number, Recomputed>> {
  const { log, warehouse, partition, offsets } = options;
  const results = new Map<number, Recomputed>();
  if (offsets.size === 0) return results;
  const refold = await startBefore(options, Math.min(...offsets));
  if (refold === null) return results;
  const explained = new Map<number, { checks: CheckExplanation[]; remedy: string }>();
  const onAccess = (row: ResultRow): void => {
    if (offsets.has(row.offset))
      explained.set(row.offset, { checks: explainChecks(row.judgement, row.attributes.source), remedy: row.judgement.remedy });
  };
  const last = Math.max(...offsets);
  const complete = await refold.upTo(
    last + 1,
    async (piece) => {
      // One question a piece, not one an access.
      const asked = piece.rowOffsets.filter((offset) => explained.has(offset));
      const range = { logId: log.logId, partition, from: asked[0] ?? 0, to: (asked.at(-1) ?? -1) + 1 };
      const storedRows = asked.length === 0 ? [] : await readStoredRows(warehouse, range, true);
      const stored = Map.groupBy(storedRows, ({ offset }) => offset);
      for (const [i, offset] of piece.rowOffsets.entries()) {
        const explanation = explained.get(offset);
        if (explanation === undefined) continue;
        const row = piece.rows.written().subarray(i === 0 ? 0 : piece.rowEnds[i - 1], piece.rowEnds[i]);
        const copies = stored.get(offset) ?? [];
        results.set(offset, { offset, ...explanation, isProved: copies.length === 1 && copies[0]!.bytes.equals(row) });
      }
      options.onProgress?.(piece.next);
    },
    onAccess,
  );
  return complete ? results : new Map();
}
