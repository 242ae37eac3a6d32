/** A checkpoint has only the pages that changed since the one before: whatever a fact changes has to be in it. */
import { expect, test } from 'vitest';
import { ORIGIN, REASONS } from '../../../schemas/codes.ts';
import type { PartitionFold } from '../../../services/domain/fold/fold.ts';
import { pagesByKind } from '../../../services/domain/fold/partition-state.ts';
import { foldInput, newFold, type PlacedRecord } from './partitioned.ts';

type Said = readonly [kind: string, data: object];

const POLICY: Said = ['policy', { version: 'p', consent: { required: '*' }, restricted: ['location'] }];
const DECLARED = { version: 1, purposes: [{ id: 'map', categories: [{ category: 'location' }] }] };
const BEFORE: readonly Said[] = [
  POLICY,
  ['declaration', DECLARED],
  ['entitlement', { category: 'location', granted: true }],
  ['standing', { state: 'suspended' }],
  ['consent', { user: 'u', state: 'granted', categories: ['location'] }],
];
const ACCESS: Said = ['access', { user: 'u', api: 'a', category: 'location', purpose: 'map' }];

/** Folds what comes from the `from`-th record on; the reasons of the last access. */
function reasonsOf(fold: PartitionFold, said: readonly Said[], from: number): string[] {
  const placed = said.map(([kind, data], i): PlacedRecord => {
    const subject = ['policy', 'erasure'].includes(kind) ? '*' : 'wx1';
    const event = {
      specversion: '1.0',
      id: `${i}`,
      source: 's',
      type: `ntk.${kind}`,
      subject,
      time: '2026-01-01T00:00:00Z',
      data,
    };
    return { value: Buffer.from(JSON.stringify(event)), record: i, origin: ORIGIN.run };
  });
  let reasons: string[] = [];
  fold.fold(foldInput(placed, { from, to: placed.length }), 0, ({ judgement }) => {
    reasons = judgement.findings.reasons.map((reason) => REASONS[reason]!);
  });
  return reasons;
}

test.each<[string, Said, string[]]>([
  ['a standing', ['standing', { state: 'banned' }], ['program_banned']],
  ['an entitlement', ['entitlement', { category: 'location', granted: false }], ['program_suspended', 'not_entitled']],
  ['a declaration', ['declaration', { version: 2, purposes: [] }], ['program_suspended', 'undeclared_category']],
  [
    'a consent',
    ['consent', { user: 'u', state: 'withdrawn', categories: ['location'] }],
    ['program_suspended', 'consent_withdrawn'],
  ],
  [
    'a consent to all',
    ['consent', { user: 'u', state: 'withdrawn', categories: ['*'] }],
    ['program_suspended', 'consent_withdrawn'],
  ],
  ['an erasure', ['erasure', { user: 'u' }], ['program_suspended', 'consent_missing']],
  ['a policy', ['policy', { version: 'q' }], ['program_suspended']],
])('%s that comes alone between two checkpoints is in the second', (_, fact, expected) => {
  const fold = newFold();
  const stored = pagesByKind<Buffer>();
  const checkpoint = (): void => {
    fold.state.beginCheckpoint();
    for (let next = fold.state.nextPage(); next !== null; next = fold.state.nextPage())
      stored[next.kind][next.page] = Buffer.from(next.bytes);
  };
  reasonsOf(fold, BEFORE, 0);
  checkpoint();
  reasonsOf(fold, [...BEFORE, fact], BEFORE.length);
  checkpoint();
  const restarted = newFold();
  restarted.state.restore(stored);
  const reasons = reasonsOf(restarted, [...BEFORE, fact, ACCESS], BEFORE.length + 1);
  expect(reasons).toEqual(reasonsOf(fold, [...BEFORE, fact, ACCESS], BEFORE.length + 1));
  expect(reasons).toEqual(expected);
});
