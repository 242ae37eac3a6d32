/** What the policy that ships says of the made-up platform: the fold itself judges it, without a log around it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ACTIONS, REASONS } from '../../schemas/codes.ts';
import { OPEN } from '../../services/domain/authority/authority.ts';
import { PartitionFold } from '../../services/domain/fold/fold.ts';
import { foldAll, foldInput, partitioned } from '../domain/fold/partitioned.ts';
import { make } from './simulated.ts';

const POLICY = readFileSync(join(import.meta.dirname, '../../policies/default.yaml'), 'utf8');
const PARTITIONS = 2;

interface Judged {
  readonly accesses: number;
  readonly rejected: number;
  readonly duplicates: number;
  readonly programsByReason: ReadonlyMap<string, ReadonlySet<string>>;
  readonly proposedIntercept: number;
  readonly ordinary: number;
}

function judged(seed: number): Judged {
  const { lines } = make({ seed, programs: 100, days: 6, daily: 100 });
  const programsByReason = new Map<string, Set<string>>();
  const counts = { accesses: 0, rejected: 0, duplicates: 0, proposedIntercept: 0, ordinary: 0 };
  const file = Buffer.from(lines.join('\n'), 'utf8');
  for (const [partition, records] of partitioned(file, POLICY, PARTITIONS).entries()) {
    const fold = new PartitionFold({
      logId: 'made-up',
      partition,
      partitions: PARTITIONS,
      storedUser: (user) => user,
      authority: OPEN,
    });
    foldAll(
      fold,
      foldInput(records, { from: 0, to: records.length }),
      (piece) => {
        counts.rejected += piece.rejected.length;
        counts.duplicates += piece.duplicates;
      },
      ({ attributes, judgement: { findings } }) => {
        counts.accesses++;
        if (findings.reasons.length === 0) counts.ordinary++;
        if (ACTIONS[findings.proposed] === 'intercept') counts.proposedIntercept++;
        for (const reason of findings.reasons) {
          const name = REASONS[reason]!;
          programsByReason.set(name, (programsByReason.get(name) ?? new Set()).add(attributes.subject));
        }
      },
    );
  }
  return { ...counts, programsByReason };
}

describe.each([1, 2])('under the default policy, seed %i', (seed) => {
  let result: Judged;
  beforeAll(() => (result = judged(seed)));

  it('every reason of checks 1 to 9 is found', () => {
    const known = REASONS.slice(0, REASONS.indexOf('rate_limited') + 1);
    expect(known.filter((reason) => !result.programsByReason.has(reason))).toEqual([]);
  });

  it('nothing is rejected, what was sent again is recognised, and most of what programs do is in order', () => {
    expect(result.rejected).toBe(0);
    expect(result.duplicates).toBeGreaterThan(0);
    expect(result.ordinary / result.accesses).toBeGreaterThan(0.8);
    expect(result.proposedIntercept / result.accesses).toBeGreaterThan(0.005);
    expect(result.proposedIntercept / result.accesses).toBeLessThan(0.1);
  });
});
