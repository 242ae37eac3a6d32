/** `ntk standing` and `ntk entitlement`: what a reviewer decides acts from its place in the log on, and only where it counts. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { signerFrom } from '../../services/system/opening/authority.ts';
import { signedBytes } from '../../services/system/facts/publish.ts';
import { ORIGIN } from '../../services/platform/log/event-log.ts';
import { partitionOf } from '../../services/domain/partitioning/murmur2.ts';
import { ntkHere, ntkHereJson, ntkHereOk } from './in-process.ts';
import { Desk, ntkJson, ntkOk, ONE_LINE_ERROR, rowsOf, withLog } from './ntk.ts';
import { access, declaration, ndjson } from './records.ts';

vi.setConfig({ testTimeout: 120_000 });

const PROGRAM = 'wx-parcel';
const POLICY = `version: strict
restricted: [contacts]
modes: { default: enforce }
actions: { program_suspended: intercept, program_banned: intercept, not_entitled: intercept }
`;
const CONTACTS = { id: 'find', text: 'find friends', categories: [{ category: 'contacts' }, { category: 'location' }] };

let desk: Desk;
let data: string[];
let inputs: number;
beforeEach(async () => {
  desk = new Desk();
  data = ['--data', desk.data];
  inputs = 0;
});
afterEach(() => desk.clear());

async function run(lines: readonly string[], ...more: readonly string[]): Promise<void> {
  await ntkOk(['run', ...data, '--input', desk.write(`${inputs++}.ndjson`, ndjson(...lines)), ...more]);
}

/** With the policy and a declaration. */
async function begin(): Promise<void> {
  const declared = declaration({ id: 'd', subject: PROGRAM }, { purposes: [CONTACTS] });
  await run([declared, access({ id: 'before', subject: PROGRAM })], '--policy', desk.write('p.yaml', POLICY));
}

/** Into the log, for the next run to judge. */
async function append(...lines: readonly string[]): Promise<void> {
  await ntkHereOk(['ingest', ...data, desk.write(`${inputs++}.ndjson`, ndjson(...lines))]);
}

async function reasonsOf(): Promise<Record<string, readonly string[]>> {
  const rows = await rowsOf<{ event_id: string; reasons: string[] }>(
    desk.data,
    'SELECT event_id, reasons FROM ntk.access_results FINAL',
  );
  return Object.fromEntries(rows.map(({ event_id, reasons }) => [event_id, reasons]));
}

const decide = async (command: 'standing' | 'entitlement', ...args: readonly string[]): Promise<string> =>
  (await ntkHereOk([command, PROGRAM, ...args, '--by', 'anna', ...data])).stdout;

describe('a standing', () => {
  test('acts on what comes after it, until another one is given', async () => {
    await begin();
    expect(await decide('standing', 'suspended', '--reason', 'harvests contacts')).toMatch(
      /^wx-parcel: suspended by anna, from \d-3 in the log on\n$/,
    );
    await append(access({ id: 'suspended', subject: PROGRAM }));
    await decide('standing', 'active');
    await append(access({ id: 'active', subject: PROGRAM }));
    await decide('standing', 'under_review');
    await append(access({ id: 'under-review', subject: PROGRAM }));
    await decide('standing', 'banned');
    await run([access({ id: 'banned', subject: PROGRAM }), access({ id: 'other', subject: 'wx-other' })]);
    expect(await reasonsOf()).toEqual({
      before: [],
      suspended: ['program_suspended'],
      active: [],
      'under-review': [],
      banned: ['program_banned'],
      other: ['undeclared_program'],
    });
    const [note] = await rowsOf<{ n: number }>(desk.data, "SELECT sum(facts['ntk.standing']) AS n FROM ntk.blocks FINAL");
    expect(Number(note!.n)).toBe(4);
  });

  test('lapses when it was said to', async () => {
    await begin();
    await decide('standing', 'suspended', '--until', '2026-03-02');
    await run([
      access({ id: 'in-force', subject: PROGRAM, time: '2026-03-01T23:59:59Z' }),
      access({ id: 'lapsed', subject: PROGRAM, time: '2026-03-02T00:00:00Z' }),
    ]);
    expect(await reasonsOf()).toMatchObject({ 'in-force': ['program_suspended'], lapsed: [] });
  });

  test('of a program that nobody has heard of lately is given, with a word about its id', async () => {
    await begin();
    const { stdout, stderr } = await ntkHereOk(['standing', 'wx-parcle', 'banned', ...data]);
    expect(stdout).toContain('wx-parcle: banned');
    expect(stderr).toMatch(/^nothing of wx-parcle is among the newest 50,000 records of its partition: .*\n$/);
    expect((await ntkHereOk(['standing', PROGRAM, 'banned', ...data])).stderr).toBe('');
    // Its id inside of something else is not it.
    await append(access({ id: 'wx-inside', subject: PROGRAM }, { page: 'wx-inside' }));
    expect(await ntkHereJson(['standing', 'wx-inside', 'active', ...data])).toMatchObject({
      program: 'wx-inside',
      type: 'ntk.standing',
      state: 'active',
      until: null,
      isSeenLately: false,
    });
  });
});

test('an entitlement opens a restricted kind of data until it is withdrawn', async () => {
  await begin();
  const contacts = (id: string): string => access({ id, subject: PROGRAM }, { api: 'wx.chooseContact', category: 'contacts' });
  await append(contacts('closed'));
  expect(await decide('entitlement', 'contacts', 'granted', '--until', '2099-01-01')).toMatch(
    /^wx-parcel: contacts granted until 2099-01-01T00:00:00\.000Z by anna, from \d-4 in the log on\n$/,
  );
  await append(contacts('open'));
  await decide('entitlement', 'contacts', 'withdrawn');
  await run([contacts('closed-again')]);
  expect(await reasonsOf()).toMatchObject({ closed: ['not_entitled'], open: [], 'closed-again': ['not_entitled'] });
});

describe('where facts of authority are signed', () => {
  let env: Record<string, string>;
  let keyFile: string;
  beforeEach(async () => {
    const root = join(desk.path, 'root.key');
    keyFile = join(desk.path, 'desk.key');
    for (const file of [root, keyFile]) await ntkOk(['keys', 'make', '--out', file]);
    env = { NTK_AUTHORITY: 'signed', NTK_ROOT_KEYS_FILE: `${root}.pub` };
    await ntkOk(['run', ...data, '--input', desk.write('first.ndjson', ndjson(access({ id: 'a', subject: PROGRAM })))], { env });
    const added = ['keys', 'add', `${keyFile}.pub`, '--types', 'ntk.standing', '--signing-key', root];
    await ntkOk([...added, ...data], { env });
    Object.assign(process.env, env);
  });
  afterEach(() => {
    for (const name of Object.keys(env)) delete process.env[name];
  });

  const rejected = async (): Promise<number> =>
    (await ntkJson<unknown[]>(['rejects', 'list', '--reason', 'unauthorised', ...data], { env })).length;

  test('nothing is appended that would not count, and what counts is signed', async () => {
    const end = async (): Promise<number> => {
      const partition = await withLog(desk.data, async (log) => partitionOf(PROGRAM, log.partitions));
      return withLog(desk.data, async (log) => (await log.bounds('access', partition)).end);
    };
    const before = await end();
    for (const [args, message] of [
      [['standing', PROGRAM, 'banned'], /NTK_SIGNING_KEY_FILE=FILE/],
      [['erasure', desk.write('users.txt', 'u1\n'), '--signing-key', keyFile], /may not sign ntk.erasure .*key_not_for_type/],
      [
        ['entitlement', PROGRAM, 'contacts', 'granted', '--signing-key', keyFile],
        /may not sign ntk.entitlement .*key_not_for_type/,
      ],
    ] as const) {
      const { code, stderr } = await ntkHere([...args, ...data]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    }
    expect(await end()).toBe(before);
    await ntkHereOk(['standing', PROGRAM, 'suspended', '--signing-key', keyFile, ...data]);
    await ntkHereOk(['standing', PROGRAM, 'banned', '--signing-key', keyFile, ...data]);
    await ntkOk(['run', ...data, '--input', desk.write('b.ndjson', ndjson(access({ id: 'b', subject: PROGRAM })))], { env });
    expect((await reasonsOf()).b).toEqual(['program_banned', 'undeclared_program']);
    expect(await rejected()).toBe(0);
  });

  test('what comes after a word whose clock was ahead counts, too', async () => {
    const time = new Date(Date.now() + 120_000).toISOString();
    const ahead = {
      specversion: '1.0',
      id: 's',
      source: 'desk',
      type: 'ntk.standing',
      subject: PROGRAM,
      time,
      data: { state: 'banned' },
    };
    await withLog(desk.data, async (log) => {
      const partition = partitionOf(PROGRAM, log.partitions);
      const values = [signedBytes(log, ahead, signerFrom(keyFile))];
      await log.commit({ appends: [{ stream: 'access', partition, values, keys: [PROGRAM], origin: ORIGIN.live }] });
    });
    await ntkHereOk(['standing', PROGRAM, 'active', '--signing-key', keyFile, ...data]);
    await ntkOk(['run', ...data, '--input', desk.write('c.ndjson', ndjson(access({ id: 'c', subject: PROGRAM })))], { env });
    expect((await reasonsOf()).c).toEqual(['undeclared_program']);
    expect(await rejected()).toBe(0);
  });
});

const MISTAKES = [
  [['standing', 'x', 'closed'], /one of active, under_review, suspended, banned/],
  [['standing', '*', 'banned'], /name one program/],
  [['standing', '', 'banned'], /name one program/],
  [['standing', 'x', 'active', '--until', '2099-01-01'], /nothing to lapse to/],
  [['standing', 'x', 'banned', '--until', 'soon'], /--until 'soon' is no time/],
  [['standing', 'x', 'banned', '--reason', 'x'.repeat(501)], /--reason has more than 500 characters/],
  [['entitlement', 'x', 'friends', 'granted'], /'friends' is no kind of data: one of location, /],
  [['entitlement', 'x', 'contacts', 'yes'], /neither granted nor withdrawn/],
  [['entitlement', 'x', 'contacts', 'withdrawn', '--until', '2099-01-01'], /withdrawn it is at once/],
] as const;

test('mistakes are told in one line, and append nothing', async () => {
  await ntkOk(['run', ...data, '--input', desk.write('a.ndjson', ndjson(access({ id: 'a' })))]);
  for (const [args, message] of MISTAKES) {
    const { code, stderr } = await ntkHere([...args, ...data]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
    expect(stderr).toMatch(message);
  }
  await ntkOk(['run', ...data, '--input', desk.write('b.ndjson', ndjson(access({ id: 'b' })))]);
  const [facts] = await rowsOf<{ n: number }>(desk.data, 'SELECT sum(arraySum(mapValues(facts))) AS n FROM ntk.blocks FINAL');
  expect(Number(facts!.n)).toBe(0);
});
