/** Limit keys that an earlier engine left by name, in a log that this one has gone on with. */
import { expect, test } from 'vitest';
import { ByteWriter } from '../../../services/domain/state/bytes.ts';
import { judged, policyFact, recordsOf, START, type Use } from './platform.ts';
import { foldFrom, pagesOf } from './platform-pages.ts';

const POLICY = policyFact({ version: 'l', limits: [{ name: 'twice', key: ['user'], count: 1, per: '1h', burst: 2 }] });
const use = (minutes: number): Use => ({ at: START + 60 * minutes, program: 'wx1', user: 'u', category: 'location' });

/** A page of that engine with the one key, which was last asked at the start. */
function pageByName(): Buffer {
  const out = new ByteWriter();
  for (const text of [JSON.stringify(['twice', ['user']]), 'u', 'wx1']) out.string(text);
  for (const us of [START * 1e6, START * 1e6]) out.double(us);
  return Buffer.from(out.written());
}

test('keys by name are read once: later checkpoints, which still name their page, go by what was charged since', () => {
  const told = (limit: string[]): string[] => ['undeclared_program', ...limit];
  const records = recordsOf([POLICY, use(0), use(1), use(2), use(3)]);
  const left = { ...pagesOf(judged(records.slice(0, 2)).fold), limitKeys: [], limits: [pageByName()] };
  const upgraded = foldFrom(left);
  expect(upgraded.state.limits.count).toBe(1);
  const { seen } = judged(records.slice(0, 4), upgraded);
  expect(seen.map(({ reasons }) => reasons)).toEqual([told([]), told([])]);
  const restarted = foldFrom({ ...pagesOf(upgraded), limits: left.limits });
  expect(restarted.state.limits.count).toBe(1);
  expect(judged(records, restarted).seen.map(({ reasons }) => reasons)).toEqual([told(['rate_limited'])]);
});
