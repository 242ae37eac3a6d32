/** `ntk export`: another folder gives of it what the files would have given, under another policy, too. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { partitionOf } from '../../services/domain/partitioning/murmur2.ts';
import { ORIGIN } from '../../services/platform/log/event-log.ts';
import { Desk, ntkJson, ntkOk, rowsOf, withLog } from './ntk.ts';
import { access, declaration, erasure, ndjson, policyRecord } from './records.ts';

vi.setConfig({ testTimeout: 120_000 });

const LAX = 'version: lax\nmodes: { default: observe }\n';
const STRICT = `version: strict
restricted: [contacts]
consent: { required: [location] }
modes: { default: enforce }
actions: { undeclared_program: intercept, undeclared_category: intercept, consent_missing: intercept, not_entitled: intercept, program_banned: intercept }
`;

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});
afterEach(() => desk.clear());

const fact = (type: string, id: string, subject: string, data: object): string =>
  JSON.stringify({ specversion: '1.0', id, source: 'desk', type, subject, time: '2026-03-01T07:00:00Z', data });

const PURPOSES = [{ id: 'near', text: 'near you', categories: [{ category: 'location' }, { category: 'contacts' }] }];

/** Of three programs in turn, so that the order of each and of what concerns all matters. */
const LINES = [
  policyRecord('own-policy', { version: 'own' }),
  ...['wx1', 'wx2', 'wx3'].map((subject) => declaration({ id: `d-${subject}`, subject }, { purposes: PURPOSES })),
  fact('ntk.consent', 'c-1', 'wx1', { user: 'u1', state: 'granted', categories: ['location'] }),
  access({ id: 'agreed', subject: 'wx1' }),
  access({ id: 'not-agreed', subject: 'wx2' }),
  erasure('e-1', 'u1'),
  access({ id: 'erased', subject: 'wx1', time: '2026-03-01T09:00:00Z' }),
  fact('ntk.entitlement', 'n-1', 'wx3', { category: 'contacts', granted: true }),
  access({ id: 'entitled', subject: 'wx3' }, { api: 'wx.chooseContact', category: 'contacts' }),
  fact('ntk.standing', 's-1', 'wx2', { state: 'banned' }),
  access({ id: 'banned', subject: 'wx2' }),
  'this is no record',
  fact('ntk.review', 'r-1', 'wx1', { episode: '0-1', disposition: 'expected', by: 'a', note: '' }),
  access({ id: 'undeclared', subject: 'wx-9' }),
];

interface Judged {
  readonly event_id: string;
  readonly verdict: string;
  readonly reasons: readonly string[];
}

const judged = async (data: string): Promise<Judged[]> =>
  rowsOf<Judged>(data, 'SELECT event_id, verdict, reasons FROM ntk.access_results FINAL ORDER BY event_id');

async function exported(data: string, ...flags: readonly string[]): Promise<{ readonly lines: string; readonly said: string }> {
  const { stdout, stderr } = await ntkOk(['export', '--data', data, ...flags]);
  return { lines: stdout, said: stderr };
}

test('what a stricter policy would have done is what it does with the export, and what lies in it in several lines is one', async () => {
  const [live, rehearsal, fresh] = ['live', 'rehearsal', 'fresh'].map((name) => `${desk.data}-${name}`) as [
    string,
    string,
    string,
  ];
  const strict = desk.write('strict.yaml', STRICT);
  const file = desk.write('a.ndjson', ndjson(...LINES));
  await ntkOk(['run', '--data', live, '--policy', desk.write('lax.yaml', LAX), '--input', file]);
  const pretty = JSON.stringify(JSON.parse(access({ id: 'pretty', subject: 'wx2' })), null, 2).replaceAll('\n', '\r\n');
  await withLog(live, async (log) => {
    const append = { stream: 'access', partition: partitionOf('wx2', log.partitions), values: [Buffer.from(pretty)] } as const;
    await log.commit({ appends: [{ ...append, keys: ['wx2'], origin: ORIGIN.run }] });
  });
  await ntkOk(['run', '--data', live, '--input', desk.write('b.ndjson', ndjson(access({ id: 'last', subject: 'wx1' })))]);

  const { lines, said } = await exported(live);
  expect(said).toMatch(/^8 accesses and 7 facts exported; 1 record that could not be read, .* left out\n$/);
  await ntkOk(['run', '--data', rehearsal, '--policy', strict, '--input', desk.write('export.ndjson', lines)]);
  const whole = ndjson(...LINES.slice(1), access({ id: 'pretty', subject: 'wx2' }), access({ id: 'last', subject: 'wx1' }));
  await ntkOk(['run', '--data', fresh, '--policy', strict, '--input', desk.write('whole.ndjson', whole)]);
  const would = await judged(fresh);
  expect(would.map(({ event_id, verdict }) => `${event_id} ${verdict}`)).toContain('banned intercept');
  expect(would.some(({ verdict }) => verdict === 'allow')).toBe(true);
  expect(await judged(rehearsal)).toEqual(would);
  // The same log gives the same file.
  expect((await exported(live)).lines).toBe(lines);
});

test('accesses are those that arrived in the range, and facts all that came before its end', async () => {
  await ntkOk(['run', '--data', desk.data, '--input', desk.write('a.ndjson', ndjson(...LINES))]);
  const [row] = await rowsOf<{ at: string }>(desk.data, 'SELECT toString(max(appended_at)) AS at FROM ntk.access_results FINAL');
  const afterwards = new Date(Date.parse(`${row!.at.replace(' ', 'T')}Z`) + 1).toISOString();
  await vi.waitUntil(() => Date.now() > Date.parse(afterwards), { timeout: 5_000 });
  const later = [access({ id: 'later', subject: 'wx1' }), declaration({ id: 'd-later', subject: 'wx-later' })];
  await ntkOk(['run', '--data', desk.data, '--input', desk.write('b.ndjson', ndjson(...later))]);
  const idsOf = (lines: string): unknown[] =>
    lines
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: unknown }).id);
  const fromThen = idsOf((await exported(desk.data, '--from', afterwards)).lines);
  expect(fromThen).toEqual(expect.arrayContaining(['later', 'd-later', 'd-wx1', 's-1']));
  expect(fromThen).not.toContain('agreed');
  const untilThen = idsOf((await exported(desk.data, '--to', afterwards)).lines);
  expect(untilThen).toEqual(expect.arrayContaining(['agreed', 'd-wx1']));
  expect(untilThen).not.toContain('later');
  expect(untilThen).not.toContain('d-later');
});

test('a standing that did not count here, because nobody signed it, is not in it', async () => {
  const root = `${desk.path}/root.key`;
  await ntkOk(['keys', 'make', '--out', root]);
  const env = { NTK_AUTHORITY: 'signed', NTK_ROOT_KEYS_FILE: `${root}.pub` };
  const forged = fact('ntk.standing', 'forged', 'wx1', { state: 'active' });
  await ntkOk(
    ['run', '--data', desk.data, '--input', desk.write('a.ndjson', ndjson(forged, access({ id: 'a', subject: 'wx1' })))],
    { env },
  );
  await ntkOk(['standing', 'wx1', 'banned', '--signing-key', root, '--data', desk.data], { env });
  await ntkOk(['run', '--data', desk.data, '--input', desk.write('b.ndjson', ndjson(access({ id: 'b', subject: 'wx1' })))], {
    env,
  });
  const { stdout } = await ntkOk(['export', '--data', desk.data], { env });
  expect(stdout).not.toContain('forged');
  expect(stdout).toContain('"banned"');
  const counts = await ntkJson<unknown[]>(['rejects', 'list', '--data', desk.data], { env });
  expect(counts).toHaveLength(1);
});
