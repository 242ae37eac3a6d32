/** `ntk erasure`: whom it names is gone from what is stored, and is named nowhere. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ntkHere } from './in-process.ts';
import { Desk, ntk, ntkOk, ONE_LINE_ERROR, rowsOf, withLog } from './ntk.ts';
import { access, declaration, ndjson } from './records.ts';

vi.setConfig({ testTimeout: 120_000 });

const SECRET = 'user-whose-name-is-secret';
const POLICY = `version: consents
consent: { required: [location] }
modes: { default: enforce }
actions: { consent_missing: intercept }
`;

let desk: Desk;
let data: string[];
beforeEach(async () => {
  desk = new Desk();
  data = ['--data', desk.data];
  const purposes = [{ id: 'near', text: 'near you', categories: [{ category: 'location' }] }];
  const consent = (user: string): string =>
    JSON.stringify({
      specversion: '1.0',
      id: `c-${user}`,
      source: 'host/test',
      type: 'ntk.consent',
      subject: 'wx1',
      time: '2026-03-01T07:00:00Z',
      data: { user, state: 'granted', categories: ['location'] },
    });
  const lines = [
    declaration({ id: 'd' }, { purposes }),
    ...[SECRET, 'ü-2', 'u3'].flatMap((user) => [consent(user), access({ id: `a-${user}` }, { user })]),
  ];
  await ntkOk(['run', ...data, '--policy', desk.write('p.yaml', POLICY), '--input', desk.write('a.ndjson', ndjson(...lines))]);
});
afterEach(() => desk.clear());

/** Judges what the log has by now, and another access of each. */
async function goOn(...users: readonly string[]): Promise<void> {
  const lines = users.map((user) => access({ id: `b-${user}`, time: '2026-03-01T09:00:00Z' }, { user }));
  await ntkOk(['run', ...data, '--input', desk.write('b.ndjson', ndjson(...lines))]);
}

const reasons = async (): Promise<Record<string, readonly string[]>> => {
  const rows = await rowsOf<{ event_id: string; reasons: string[] }>(
    desk.data,
    'SELECT event_id, reasons FROM ntk.access_results FINAL',
  );
  return Object.fromEntries(rows.map(({ event_id, reasons: found }) => [event_id, found]));
};

const ends = async (): Promise<number[]> =>
  withLog(desk.data, async (log) =>
    Promise.all(Array.from({ length: log.partitions }, async (_, p) => (await log.bounds('access', p)).end)),
  );

test('rows so far and consents of each user go, those of others stay, and that is proved', async () => {
  const list = desk.write('users.txt', `\uFEFF${SECRET}\r\n\r\nü-2\r\n${SECRET}`);
  const { code, stdout, stderr } = await ntkHere(['erasure', list, ...data]);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^2 users to erase, said in \d partitions: /)]);
  expect(stdout + stderr).not.toContain(SECRET);
  await goOn(SECRET, 'u3');
  expect(await reasons()).toEqual({ 'a-u3': [], 'b-u3': [], [`b-${SECRET}`]: ['consent_missing'] });
  const verified = await ntk(['verify', ...data, '--json']);
  expect(verified.code).toBe(0);
});

test('ids are read from standard input as well, and who is erased again comes and goes again', async () => {
  for (const round of [1, 2]) {
    const { code, stdout } = await ntk(['erasure', '-', '--json', '--by', 'privacy desk', ...data], { input: 'u3\n' });
    expect([code, JSON.parse(stdout)]).toEqual([0, { users: 1, partitions: expect.any(Number) as number, by: 'privacy desk' }]);
    if (round === 1) await goOn('u3');
  }
  await ntkOk(['run', ...data, '--input', desk.write('c.ndjson', ndjson(access({ id: 'c', subject: 'wx2' })))]);
  expect(Object.keys(await reasons()).sort()).toEqual([`a-${SECRET}`, 'a-ü-2', 'c']);
});

test('a list that is wrong is told by its line and without what stands there, and nobody is erased', async () => {
  const before = await ends();
  for (const [content, message] of [
    [`u1\n${'x'.repeat(129)}\n`, /users\.txt:2: a user id must have 1 to 128 code points/],
    ['\n\n', /names no user: one id a line/],
    [Buffer.from([0xff, 0xfe, 0x41]), /is no text in UTF-8/],
  ] as const) {
    const { code, stderr } = await ntkHere(['erasure', desk.write('users.txt', content), ...data]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('xxx');
  }
  const { stderr } = await ntkHere(['erasure', join(desk.path, 'nowhere'), ...data]);
  expect(stderr).toMatch(/^error: there is no list of users '/);
  expect(await ends()).toEqual(before);
});
