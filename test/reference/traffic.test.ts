import { describe, expect, test } from 'vitest';
import { REASONS, REJECT_REASONS } from '../../schemas/codes.ts';
import { judge } from './judge.ts';
import type { Judgement } from './judge.ts';
import { makeTraffic } from './traffic.ts';
import type { Traffic } from './traffic.ts';

const SEEDS = Array.from({ length: 30 }, (_, seed) => seed);
const OPTIONS = { lines: 1_500, programs: 30 };

const sample: { seed: number; traffic: Traffic; judgement: Judgement }[] = SEEDS.map((seed) => {
  const traffic = makeTraffic(seed, OPTIONS);
  return { seed, traffic, judgement: judge({ lines: traffic.events, policyYamlText: traffic.policyYaml }, { partitions: 4 }) };
});

describe('hostile traffic', () => {
  test('is the same for the same seed and another for another', () => {
    expect(makeTraffic(7, OPTIONS).events.equals(sample[7]!.traffic.events)).toBe(true);
    expect(makeTraffic(8, OPTIONS).events.equals(sample[7]!.traffic.events)).toBe(false);
  });
  test.each(SEEDS)('is rejected where it was made to be, and nowhere else (seed %i)', (seed) => {
    expect(sample[seed]!.judgement.rejects).toEqual(sample[seed]!.traffic.rejects);
  });
  test('reaches every reason of checks 1 to 9', () => {
    const reached = new Set(sample.flatMap(({ judgement }) => judgement.verdicts.flatMap(({ reasons }) => reasons)));
    expect(REASONS.filter((reason) => reached.has(reason))).toEqual(REASONS.slice(0, REASONS.indexOf('rate_limited') + 1));
  });
  test('reaches every reject that a file can bring', () => {
    const reached = new Set(sample.flatMap(({ judgement }) => judgement.rejects.map(({ reason }) => reason)));
    const expected = REJECT_REASONS.filter((reason) => reason !== 'wrong_partition' && reason !== 'unauthorised');
    expect(REJECT_REASONS.filter((reason) => reached.has(reason))).toEqual(expected);
  });
});
