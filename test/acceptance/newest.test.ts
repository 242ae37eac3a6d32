/** Two files, one after the other: on-call engineers want to see what came last. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, ntk, ntkJson, ntkOk } from './ntk.ts';
import { access, ndjson, policyRecord } from './records.ts';

interface Reject {
  readonly id: string;
  readonly rejectedAt: string;
}

const PROGRAMS = ['wx1', 'wx2', 'wx3', 'wx4', 'wx5', 'wx6'];

let desk: Desk;
const list = (...args: readonly string[]): Promise<Reject[]> =>
  ntkJson<Reject[]>(['rejects', 'list', '--data', desk.data, ...args]);
const explained = async (...args: readonly string[]): Promise<string[]> =>
  (await ntkJson<{ event_id: string }[]>(['explain', '--data', desk.data, '--program', 'wx1', ...args])).map(
    ({ event_id: id }) => id,
  );

beforeAll(async () => {
  desk = new Desk();
  const broken = (n: number): string[] => PROGRAMS.map((subject) => access({ id: `broken-${n}`, subject }, { rows: -1 }));
  const stop = policyRecord('p', { version: '1', modes: { default: 'enforce' }, actions: { undeclared_program: 'intercept' } });
  // The second file tells of an earlier hour.
  const first = [
    stop,
    access({ id: 'a', time: '2026-03-01T09:00:00Z' }),
    access({ id: 'b', time: '2026-03-01T09:01:00Z' }),
    ...broken(1),
  ];
  const second = [access({ id: 'c', time: '2026-03-01T08:00:00Z' }), ...broken(2)];
  await ntkOk(['run', '--data', desk.data, '--input', desk.write('first.ndjson', ndjson(...first))]);
  await ntkOk(['run', '--data', desk.data, '--input', desk.write('second.ndjson', ndjson(...second))]);
}, 60_000);
afterAll(() => desk.clear());

test('rejects are listed from the last one back, whatever their partitions, where that is asked for', async () => {
  const all = await list();
  const newest = await list('--newest');
  expect(all).toHaveLength(2 * PROGRAMS.length);
  expect(newest.map(({ id }) => id).sort()).toEqual(all.map(({ id }) => id).sort());
  expect(newest.map(({ rejectedAt }) => rejectedAt)).toEqual(
    all
      .map(({ rejectedAt }) => rejectedAt)
      .sort()
      .reverse(),
  );
  expect(await list('--newest', '--limit', '3')).toEqual(newest.slice(0, 3));
  const { stderr } = await ntkOk(['rejects', 'list', '--data', desk.data, '--newest', '--limit', '3']);
  expect(stderr).toContain('12 rejects, the newest 3 shown');
});

test('accesses of a program are explained from the last one back, and held to a verdict', async () => {
  expect(await explained()).toEqual(['c', 'a', 'b']);
  expect(await explained('--newest')).toEqual(['c', 'b', 'a']);
  expect(await explained('--newest', '--verdict', 'intercept', '--limit', '2')).toEqual(['c', 'b']);
  expect((await ntk(['explain', '--data', desk.data, '--program', 'wx1', '--verdict', 'throttle'])).stderr).toContain(
    "no stored access has program 'wx1', verdict 'throttle'",
  );
});
