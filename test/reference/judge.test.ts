import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { judge } from './judge.ts';
import type { Verdict } from './judge.ts';

const WORKED_EXAMPLE = '/work/shared/data/conformance';
const read = (name: string): Buffer => readFileSync(`${WORKED_EXAMPLE}/${name}`);
const ndjson = (name: string): unknown[] =>
  read(name)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);

/** What the worked example writes down of a verdict, its reasons sorted. */
const asPublished = (verdict: Verdict): object => ({
  event_id: verdict.event_id,
  source: verdict.source,
  program: verdict.program,
  event_time: verdict.event_time,
  verdict: verdict.verdict,
  proposed: verdict.proposed,
  reasons: verdict.reasons.toSorted(),
  effective: verdict.effective,
  limit: verdict.limit,
  class: verdict.class,
  declaration_version: verdict.declaration_version,
  policy_hash: verdict.policy_hash,
});

describe('the worked example', () => {
  const judgement = judge(
    { lines: read('events.ndjson'), policyYamlText: read('policy.yaml').toString('utf8') },
    { partitions: 4 },
  );

  test('gets the verdicts that its independent checker wrote down, one by one', () => {
    expect(judgement.verdicts.map(asPublished)).toEqual(ndjson('verdicts.ndjson'));
  });
  test('has the rejects that its independent checker wrote down', () => {
    expect(judgement.rejects).toEqual(ndjson('rejects.ndjson'));
  });
  test('gives its report', () => {
    expect(judgement.report).toEqual(JSON.parse(read('report.json').toString('utf8')));
  });
});
