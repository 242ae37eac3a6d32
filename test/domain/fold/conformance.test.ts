import { describe, expect, it } from 'vitest';
import { ACTIONS, REASONS } from '../../../schemas/codes.ts';
import type { BatchOutcome } from '../../../services/domain/fold/batch-outcome.ts';
import { EVENTS, type ExpectedVerdict, POLICY_YAML, REJECTS, VERDICTS } from '../../conformance/example.ts';
import { foldAll, foldInput, newFold, partitioned } from './partitioned.ts';

interface Judged extends ExpectedVerdict {
  readonly reasonsInOrder: readonly string[];
}

function judgeExample(partitions: number): {
  verdicts: Map<string, Judged>;
  rejects: { record: number; reason: string }[];
  duplicates: number;
} {
  const verdicts = new Map<string, Judged>();
  const rejects: { record: number; reason: string }[] = [];
  let duplicates = 0;
  partitioned(EVENTS, POLICY_YAML, partitions).forEach((records, partition) => {
    const fold = newFold({ partition, partitions });
    const onPiece = (piece: BatchOutcome): void => {
      duplicates += piece.duplicates;
      for (const text of piece.rejected) {
        const { offset, reason } = JSON.parse(text) as { offset: number; reason: string };
        rejects.push({ record: records[offset]!.record, reason });
      }
    };
    foldAll(fold, foldInput(records, { from: 0, to: records.length }), onPiece, ({ attributes, judgement }) => {
      const { findings, subject, refusal } = judgement;
      const { className, program } = subject;
      const declarationVersion = program.declaration?.version ?? 0;
      const reasonsInOrder = findings.reasons.map((reason) => REASONS[reason]!);
      verdicts.set(JSON.stringify([attributes.source, attributes.subject, attributes.id]), {
        event_id: attributes.id,
        source: attributes.source,
        program: attributes.subject,
        event_time: new Date(Math.floor(subject.eventTimeUs / 1000)).toISOString(),
        verdict: ACTIONS[findings.verdict]!,
        proposed: ACTIONS[findings.proposed]!,
        reasons: [...reasonsInOrder].sort(),
        reasonsInOrder,
        effective: Object.fromEntries(reasonsInOrder.map((reason, i) => [reason, ACTIONS[findings.effective[i]!]!])),
        limit: refusal?.limit.name ?? '',
        class: className,
        declaration_version: declarationVersion,
        policy_hash: subject.policy.hash,
      });
    });
  });
  return { verdicts, rejects: rejects.sort((a, b) => a.record - b.record), duplicates };
}

describe('the worked example of the contract', () => {
  it.each([1, 4, 7])('is judged as the independent checker judged it, on %i partitions', (partitions) => {
    const { verdicts, rejects, duplicates } = judgeExample(partitions);
    expect(verdicts.size).toBe(VERDICTS.length);
    for (const expected of VERDICTS) {
      const judged = verdicts.get(JSON.stringify([expected.source, expected.program, expected.event_id]));
      expect(judged).toMatchObject({ ...expected, reasons: [...expected.reasons].sort() });
    }
    expect(rejects).toEqual(REJECTS);
    expect(duplicates).toBe(84);
  });

  it('lists reasons in the order of the checks', () => {
    for (const { reasonsInOrder } of judgeExample(1).verdicts.values()) {
      const order = reasonsInOrder.map((reason) => REASONS.indexOf(reason as (typeof REASONS)[number]));
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
  });
});
