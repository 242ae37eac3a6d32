/** What is said of programs, folded as one batch of history: the policy first, then one record a second. */
import { ORIGIN } from '../../../schemas/codes.ts';
import type { BatchOutcome } from '../../../services/domain/fold/batch-outcome.ts';
import type { ResultRow } from '../../../services/domain/results/row.ts';
import { foldInput, newFold } from '../fold/partitioned.ts';

/** `kind` without `ntk.`; `data` of the record. The n-th has the id n, and comes n seconds after the beginning of 2026. */
export type Said = readonly [program: string, kind: string, data: object];

export function foldSaid(
  policy: object,
  said: readonly Said[],
  scoredAtMs = 0,
  onAccess?: (row: ResultRow) => void,
): BatchOutcome {
  const events = [['*', 'policy', policy] as const, ...said].map(([subject, kind, data], i) => {
    const time = `2026-01-01T00:00:${String(i).padStart(2, '0')}Z`;
    return { specversion: '1.0', id: `${i}`, source: 's', type: `ntk.${kind}`, subject, time, data };
  });
  const placed = events.map((event) => ({ value: Buffer.from(JSON.stringify(event)), record: 0, origin: ORIGIN.run }));
  return newFold().fold(foldInput(placed, { from: 0, to: placed.length }), scoredAtMs, onAccess);
}
