/** What is said of programs, folded as one batch of history: the policy first, then one record a second. */
import { OPEN } from '../../../services/domain/authority/authority.ts';
import type { BatchOutcome } from '../../../services/domain/fold/batch-outcome.ts';
import { PartitionFold } from '../../../services/domain/fold/fold.ts';
import type { ResultRow } from '../../../services/domain/results/row.ts';
import { foldInput } from '../fold/partitioned.ts';

const RUN = 2;

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
  const placed = events.map((event) => ({ value: Buffer.from(JSON.stringify(event)), record: 0, origin: RUN }));
  const fold = new PartitionFold({ logId: 'e', partition: 0, partitions: 1, storedUser: (user) => user, authority: OPEN });
  return fold.fold(foldInput(placed, { from: 0, to: placed.length }), scoredAtMs, onAccess);
}
