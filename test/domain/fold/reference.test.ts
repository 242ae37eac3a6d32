import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTIONS, DUPLICATE_WINDOW_RECORDS, REASONS, SIGNED_TYPES } from '../../../schemas/codes.ts';
import { type Authority, OPEN } from '../../../services/domain/authority/authority.ts';
import type { SignedJudging } from '../../reference/authority.ts';
import { type Judgement, judge } from '../../reference/judge.ts';
import { APPENDED_MS, makeSignedTraffic, ROOTS } from '../../reference/signed-traffic.ts';
import { makeTraffic } from '../../reference/traffic.ts';
import { signed } from '../authority/signing.ts';
import { foldInput, newFold, partitioned } from './partitioned.ts';

const PARTITIONS = 4;
const LOG_ID = 'reference';
/** Small enough that ids leave it. Then the copies of a broadcast may be duplicates on one partition only, and are counted on partition 0. */
const SMALL_WINDOW = 300;
const SEEDS = Number(process.env['NTK_REFERENCE_SEEDS'] ?? 6);

interface Folded {
  readonly verdicts: Map<number, unknown>;
  readonly rejects: { readonly record: number; readonly reason: string }[];
  readonly refusals: Map<string, number>;
  duplicates: number;
  staleFacts: number;
}

/** Folds the traffic in batches of an odd size; verdicts by record of the file. */
function foldTraffic(events: Buffer, policyYaml: string, windowCapacity: number, authority: Authority): Folded {
  const sign = authority.mode === 'open' ? undefined : (policy: object): object => signed(policy, ROOTS[0]!);
  const folded: Folded = { verdicts: new Map(), rejects: [], refusals: new Map(), duplicates: 0, staleFacts: 0 };
  partitioned(events, policyYaml, PARTITIONS, sign).forEach((records, partition) => {
    const fold = newFold({ logId: LOG_ID, partition, partitions: PARTITIONS, authority, windowCapacity });
    for (let from = 0; from < records.length; from += 37) {
      const input = foldInput(records, { from, to: Math.min(from + 37, records.length), appendedAtMs: APPENDED_MS });
      const outcome = fold.fold(input, 0, ({ offset, attributes, judgement, user }) => {
        const { findings, subject, refusal } = judgement;
        const { access, className } = subject;
        const { declaration } = subject.program;
        folded.verdicts.set(records[offset]!.record, {
          event_id: attributes.id,
          source: attributes.source,
          program: attributes.subject,
          micros: BigInt(subject.eventTimeUs),
          verdict: ACTIONS[findings.verdict],
          proposed: ACTIONS[findings.proposed],
          reasons: findings.reasons.map((reason) => REASONS[reason]),
          effective: Object.fromEntries(findings.reasons.map((reason, i) => [REASONS[reason], ACTIONS[findings.effective[i]!]])),
          limit: refusal?.limit.name ?? '',
          retry_after_ms: refusal?.retryAfterMs ?? 0,
          user: user.text,
          category: subject.category,
          outcome: access.outcome,
          class: className,
          developer: declaration?.developer ?? '',
          declaration_version: declaration?.version ?? 0,
          policy_hash: subject.policy.hash,
        });
      });
      for (const text of outcome.rejected) {
        const { offset, reason } = JSON.parse(text) as { offset: number; reason: string };
        // Everybody sees an attempt on the other partitions, too; here the first one's copy tells.
        if (partition > 0 && reason === 'unauthorised' && isBroadcast(records[offset]!.value)) continue;
        folded.rejects.push({ record: records[offset]!.record, reason });
      }
      folded.duplicates += outcome.duplicates;
      folded.staleFacts += outcome.staleFacts;
      for (const [kind, counts] of [
        ['', outcome.tally.refusals],
        ['shadow ', outcome.tally.shadowRefusals],
      ] as const) {
        for (const [limit, n] of counts) folded.refusals.set(kind + limit, (folded.refusals.get(kind + limit) ?? 0) + n);
      }
    }
  });
  folded.rejects.sort((a, b) => a.record - b.record);
  return folded;
}

const isBroadcast = (line: Buffer): boolean => (JSON.parse(line.toString('utf8')) as { subject?: unknown }).subject === '*';

function expectAgreement(folded: Folded, expected: Judgement, isWholeWindow: boolean): void {
  expect(folded.verdicts.size).toBe(expected.verdicts.length);
  const refusals = new Map<string, number>();
  for (const { record, partition: _, event_time: __, refusing_limits: refusing, ...verdict } of expected.verdicts) {
    expect(folded.verdicts.get(record)).toEqual(verdict);
    for (const { limit, shadow } of refusing) {
      const name = (shadow ? 'shadow ' : '') + limit;
      refusals.set(name, (refusals.get(name) ?? 0) + 1);
    }
  }
  expect(folded.rejects).toEqual(expected.rejects);
  if (isWholeWindow) expect(folded.duplicates).toBe(expected.quality.duplicates);
  expect(folded.staleFacts).toBe(expected.quality.staleFacts);
  expect(folded.refusals).toEqual(refusals);
}

const seeds = fc.integer({ min: 1, max: 1_000_000 });
const windows = fc.constantFrom(SMALL_WINDOW, DUPLICATE_WINDOW_RECORDS);

describe('random hostile traffic', () => {
  it('is judged by the fold as by the slow judge that was written from the contract alone', () => {
    fc.assert(
      fc.property(seeds, windows, (seed, window) => {
        const { events, policyYaml } = makeTraffic(seed, { lines: 1_500, programs: 25 });
        const options = { partitions: PARTITIONS, duplicateWindowRecords: window };
        const expected = judge({ lines: events, policyYamlText: policyYaml }, options);
        expectAgreement(foldTraffic(events, policyYaml, window, OPEN), expected, window > SMALL_WINDOW);
      }),
      { numRuns: SEEDS },
    );
  }, 120_000);

  it('is judged alike where facts of authority are signed, rightly and in every wrong way', () => {
    const roots = ROOTS.map(({ publicKey }) => publicKey);
    const signing: SignedJudging = {
      roots,
      logId: LOG_ID,
      appendedMicros: BigInt(APPENDED_MS) * 1000n,
      policyMicros: BigInt(Date.UTC(2020, 0, 1)) * 1000n,
    };
    const seen = { unauthorised: 0, facts: 0 };
    fc.assert(
      fc.property(seeds, windows, (seed, window) => {
        const { events, policyYaml } = makeSignedTraffic(seed, { lines: 1_000, programs: 25 }, LOG_ID);
        const options = { partitions: PARTITIONS, duplicateWindowRecords: window, signed: signing };
        const expected = judge({ lines: events, policyYamlText: policyYaml }, options);
        expectAgreement(foldTraffic(events, policyYaml, window, { mode: 'signed', roots }), expected, window > SMALL_WINDOW);
        seen.unauthorised += expected.rejects.filter(({ reason }) => reason === 'unauthorised').length;
        for (const type of SIGNED_TYPES) seen.facts += expected.quality.accepted[type] ?? 0;
      }),
      { numRuns: SEEDS },
    );
    expect(seen.unauthorised).toBeGreaterThan(SEEDS * 10);
    expect(seen.facts).toBeGreaterThan(SEEDS * 10);
  }, 120_000);
});
