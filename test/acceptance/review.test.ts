/** Alarms as a person on call works through them: listed, concluded, counted; on a folder that rests and on one that is in use. */
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { partitionOf } from '../../services/domain/partitioning/murmur2.ts';
import { NtkProcess } from '../crash/ntk-process.ts';
import { ALARMED as PROGRAM, ALSO_ALARMED as OTHER, makeAlarmedFolder } from './alarmed-folder.ts';
import { Desk, ntk, ntkJson, ntkOk, ONE_LINE_ERROR, rowsOf, withLog } from './ntk.ts';
import { access, ndjson } from './records.ts';

vi.setConfig({ testTimeout: 120_000 });

interface Listed {
  readonly episode: string;
  readonly program: string;
  readonly start: string;
  readonly last: string;
  readonly results: number;
  readonly reasons: readonly string[];
  readonly score: number;
  readonly contributions: Readonly<Record<string, number>>;
  readonly review: { readonly disposition: string; readonly by: string; readonly note: string; readonly at: string } | null;
}

let desk: Desk;
let data: string[];
/** Made once: a folder at rest is the same when it is copied. */
const made = new Desk();
beforeAll(() => makeAlarmedFolder(made));
afterAll(() => made.clear());
beforeEach(() => {
  desk = new Desk();
  data = ['--data', desk.data];
  cpSync(made.data, desk.data, { recursive: true, verbatimSymlinks: true });
});
afterEach(() => desk.clear());

const list = (...more: string[]): Promise<Listed[]> => ntkJson<Listed[]>(['review', 'list', ...data, ...more]);
const conclude = (...more: string[]): Promise<string> => ntkOk(['review', ...more, ...data]).then(({ stdout }) => stdout);

/** The night of PROGRAM, which its rows have many names for. */
async function night(): Promise<{ readonly id: string; readonly others: readonly string[] }> {
  const rows = await rowsOf<{ place: string }>(
    desk.data,
    "SELECT concat(toString(partition), '-', toString(offset)) AS place FROM ntk.access_results FINAL WHERE event_id LIKE 'night%' ORDER BY offset",
  );
  const [id, ...others] = rows.map(({ place }) => place);
  return { id: id!, others };
}

/** What whoever has a pen may write into the log. */
async function forged(subject: string, partition: number, reviewed: object, id = 'forged'): Promise<void> {
  const event = {
    specversion: '1.0',
    id,
    source: 'desk/reviews',
    type: 'ntk.review',
    subject,
    time: '2026-03-01T12:00:00Z',
    data: reviewed,
  };
  await withLog(desk.data, async (log) => {
    await log.commit({ appends: [{ stream: 'access', partition, values: [Buffer.from(JSON.stringify(event))], origin: 2 }] });
  });
}

describe('review list', () => {
  test('says who, when, why in plain words and that nobody has looked, newest first', async () => {
    const { id } = await night();
    const listed = await list();
    expect(listed.map(({ program, start, results }) => [program, start, results])).toEqual([
      [PROGRAM, '2026-03-01T09:00:00.000Z', 1],
      [OTHER, '2026-03-01T02:20:00.000Z', 1],
      [PROGRAM, '2026-03-01T02:00:00.000Z', 3],
    ]);
    expect(listed[2]).toMatchObject({
      episode: id,
      last: '2026-03-01T03:19:00.000Z',
      reasons: ['users_above_baseline', 'periodic_polling'],
      categories: ['location'],
      score: 8.5,
      contributions: { distinct_users: 7, rhythm: 1.5 },
      review: null,
    });
    const { stdout } = await ntkOk(['review', 'list', ...data, '--program', PROGRAM, '--to', '2026-03-01T09:00:00Z']);
    expect(stdout.split('\n')).toEqual([
      `${id}  ${PROGRAM} (undeclared)`,
      '  from 2026-03-01T02:00:00.000Z to 2026-03-01T03:19:00.000Z, 3 results for location',
      '  Far more users than usual: The program asks about far more users than it usually does.',
      '  Called like clockwork: The calls come at even intervals, as a machine makes them and no person does.',
      '  highest score 8.5: distinct_users 7, rhythm 1.5',
      '  not reviewed',
      '',
    ]);
  });

  test('leaves out what was reviewed when it is asked for what is open, and says when it does not show all', async () => {
    const { id } = await night();
    await conclude(id, 'true_positive', '--by', 'anna');
    expect((await list('--open')).map(({ start }) => start)).toEqual(['2026-03-01T09:00:00.000Z', '2026-03-01T02:20:00.000Z']);
    const { stdout, stderr } = await ntkOk(['review', 'list', ...data, '--limit', '1']);
    expect([stdout.match(/^\S/gm)?.length, stderr]).toEqual([1, 'only the newest 1 are shown (--limit)\n']);
    const none = await ntkOk(['review', 'list', ...data, '--program', 'nobody']);
    expect([none.stdout, none.stderr]).toEqual(['', 'no alarm of the baselines\n']);
  });
});

describe('a conclusion', () => {
  test('is a fact in the log about any result of the episode; said again nothing is appended, and the latest counts', async () => {
    const { id, others } = await night();
    expect(await conclude(others[1]!, 'false_positive', '--by', 'anna', '--note', 'a backup')).toBe(
      `${id} of ${PROGRAM}: false_positive by anna\n`,
    );
    expect(await conclude(id, 'false_positive', '--by', 'anna', '--note', 'a backup')).toMatch(
      /^\S+: false_positive by anna at \S+: a backup, as was said before\n$/,
    );
    expect((await list()).at(-1)!.review).toMatchObject({ disposition: 'false_positive', by: 'anna', note: 'a backup' });
    const explained = async (event: string): Promise<string> => (await ntkOk(['explain', event, ...data])).stdout;
    expect(await explained('night-2')).toMatch(
      new RegExp(`^part of episode ${id} of 3 results: false_positive by anna at .*: a backup$`, 'm'),
    );
    expect(await explained('coffee-0')).toMatch(/^part of episode \S+ of 1 result: not reviewed/m);
    expect(await explained('fine')).not.toContain('episode');
    expect(await conclude(id, 'true_positive', '--by', 'bob')).toMatch(
      /: true_positive by bob; before it false_positive by anna/,
    );
    // Back to what was said first: an earlier conclusion is no repeat.
    await conclude(id, 'false_positive', '--by', 'anna', '--note', 'a backup');
    expect((await list()).at(-1)!.review).toMatchObject({ disposition: 'false_positive', by: 'anna' });
    // Judged and stored, they are found by the ledger; none was a duplicate, and no row is another than before.
    await ntkOk(['run', ...data, '--input', desk.write('b.ndjson', ndjson(access({ id: 'b' })))]);
    expect((await list()).find(({ episode }) => episode === id)!.review).toMatchObject({
      disposition: 'false_positive',
      by: 'anna',
    });
    const [ledger] = await rowsOf<{ reviews: number; doubles: number }>(
      desk.data,
      "SELECT sum(facts['ntk.review']) AS reviews, sum(duplicates) AS doubles FROM ntk.blocks FINAL",
    );
    expect([Number(ledger!.reviews), Number(ledger!.doubles)]).toEqual([3, 0]);
    expect(await ntkJson<{ settled: boolean }>(['report', 'interceptions', ...data])).toMatchObject({ settled: true });
  });

  test('is shown with the one that it replaced, and JSON has all of them', async () => {
    const { id } = await night();
    await conclude(id, 'false_positive', '--by', 'anna', '--note', 'a backup');
    await conclude(id, 'expected', '--by', 'bob');
    await conclude(id, 'true_positive', '--by', 'carl');
    const said =
      /^(?: {2}|part of episode \S+ of 3 results: )true_positive by carl at \S+; before it expected by bob at \S+; and 1 earlier review$/m;
    expect((await ntkOk(['review', 'list', ...data])).stdout).toMatch(said);
    expect((await ntkOk(['explain', id, ...data])).stdout).toMatch(said);
    const words = { review: { by: 'carl' }, earlierReviews: [{ by: 'bob' }, { by: 'anna', note: 'a backup' }] };
    expect((await list()).at(-1)).toMatchObject(words);
    // The measure counts the episode once.
    expect(await ntkJson(['review', 'rate', ...data])).toMatchObject({
      episodes: 3,
      reviews: { true_positive: 1, false_positive: 0, expected: 0 },
    });
  });

  test('follows an explanation, which the place of any of its results is enough for; an event with that id goes first', async () => {
    const { id, others } = await night();
    const explained = async (...asked: string[]): Promise<string> => (await ntkOk(['explain', ...asked, ...data])).stdout;
    expect(await explained(id)).toBe(await explained('night-0'));
    expect(await explained(others[1]!, '--program', PROGRAM)).toContain(`part of episode ${id} of 3 results`);
    for (const asked of [[id, '--program', OTHER], ['9-1'], ['70000-1']]) {
      const { code, stderr } = await ntk(['explain', ...asked, ...data]);
      expect(code).toBe(1);
      expect(stderr).toMatch(ONE_LINE_ERROR);
    }
    const line = access({ id, subject: OTHER, time: '2026-03-02T06:00:00Z' });
    await ntkOk(['run', ...data, '--input', desk.write('same.ndjson', ndjson(line))]);
    expect(await explained(id)).toContain(`event ${id} of`);
  });

  test('is refused in one line for what is no episode, and for what is no conclusion', async () => {
    const { id } = await night();
    const [fine] = await rowsOf<{ place: string }>(
      desk.data,
      "SELECT concat(toString(partition), '-', toString(offset)) AS place FROM ntk.access_results FINAL WHERE event_id = 'fine'",
    );
    const end = async (): Promise<number> =>
      withLog(desk.data, async (log) => (await log.bounds('access', partitionOf(PROGRAM, log.partitions))).end);
    const before = await end();
    for (const [args, message] of [
      [['99-1', 'expected'], /there is no episode 99-1: no stored result/],
      [[fine!.place, 'expected'], /no stored result of that place has a finding of the baselines/],
      [['night-1', 'expected'], /is no episode: write PARTITION-OFFSET/],
      [[id, 'fine'], /'fine' is no conclusion: one of true_positive, false_positive, expected/],
      [[id, 'expected', '--note', 'x'.repeat(501)], /--note has more than 500 characters/],
    ] as const) {
      const { code, stderr } = await ntk(['review', ...args, ...data]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
      expect(stderr).toMatch(message);
    }
    expect(await end()).toBe(before);
  });

  test('of others counts when it is about their program’s own alarm, in its place, and says something', async () => {
    const { id, others } = await night();
    const partition = Number(id.split('-')[0]);
    const reviewed = { episode: id, disposition: 'expected', by: '\u001b[31mred', note: 'a\nb' };
    const partitions = await withLog(desk.data, async (log) => log.partitions);
    // At that moment OTHER has an alarm of its own.
    await forged(OTHER, partitionOf(OTHER, partitions), { ...reviewed, episode: others[0] });
    await forged(PROGRAM, (partition + 1) % partitions, reviewed);
    await forged(PROGRAM, partition, { ...reviewed, disposition: null });
    await forged(PROGRAM, partition, { ...reviewed, episode: `0${id}` }, 'other');
    expect((await list()).map(({ review }) => review)).toEqual([null, null, null]);
    await forged(PROGRAM, partition, reviewed, 'right');
    // A repeat of its id changes nothing.
    await forged(PROGRAM, partition, { ...reviewed, disposition: 'true_positive' }, 'right');
    const { stdout } = await ntkOk(['review', 'list', ...data, '--program', PROGRAM]);
    expect(stdout).toMatch(/^ {2}expected by \\u\{1b\}\[31mred at \S+: a\\u\{a\}b$/m);
  });

  test('goes into the log of a running system, which counts it', async () => {
    const { id } = await night();
    const up = new NtkProcess(['up', '--data', desk.data, '--port', '0'], { NTK_HEARTBEAT_SECONDS: '0' });
    try {
      await expect.poll(() => existsSync(join(desk.data, 'system.json')), { timeout: 60_000 }).toBe(true);
      await conclude(id, 'expected', '--by', 'anna');
      expect((await list()).at(-1)!.review).toMatchObject({ disposition: 'expected', by: 'anna' });
      const stored = async (): Promise<number> => {
        const [row] = await rowsOf<{ n: number }>(desk.data, "SELECT sum(facts['ntk.review']) AS n FROM ntk.blocks FINAL");
        return Number(row!.n);
      };
      await expect.poll(stored, { timeout: 60_000 }).toBe(1);
      expect((await ntkOk(['review', 'rate', ...data])).stdout).toContain(
        'reviewed 1: true_positive 0, false_positive 0, expected 1; not reviewed 2',
      );
    } finally {
      up.child.kill('SIGTERM');
      expect((await up.ended).code).toBe(0);
    }
  });

  test('that the log no longer has is missed, not taken for one that nobody made', async () => {
    const { id } = await night();
    await conclude(id, 'expected', '--by', 'anna');
    await ntkOk(['run', ...data, '--input', desk.write('b.ndjson', ndjson(access({ id: 'b', subject: PROGRAM })))]);
    await withLog(desk.data, async (log) => {
      const partition = Number(id.split('-')[0]);
      await log.deleteBefore('access', partition, (await log.bounds('access', partition)).end);
    });
    const { stderr } = await ntkOk(['review', 'list', ...data]);
    expect(stderr).toBe('the log no longer has 1 review: what was concluded there is not known here\n');
  });
});

describe('review rate', () => {
  test('sets what was false against program-days and the budget, with what is not reviewed as the doubt', async () => {
    const { id } = await night();
    const [morning] = await list('--program', PROGRAM);
    await conclude(id, 'true_positive', '--by', 'anna');
    await conclude(morning!.episode, 'false_positive', '--by', 'anna');
    const rate = await ntkJson<object>(['review', 'rate', ...data]);
    expect(rate).toMatchObject({
      episodes: 3,
      programDays: 3,
      reviews: { true_positive: 1, false_positive: 1, expected: 0 },
      unreviewed: 1,
      precision: 0.5,
      falseAlarms: {
        budget: 1,
        standing: 'above',
        atLeast: { rate: expect.closeTo(1000 / 3, 6) },
        atMost: { rate: expect.closeTo(2000 / 3, 6) },
      },
    });
    expect((await ntkOk(['review', 'rate', ...data])).stdout.split('\n')).toEqual([
      '3 episodes in 3 program-days between 1970-01-01T00:00:00.000Z and 2255-01-01T00:00:00.000Z',
      'reviewed 2: true_positive 1, false_positive 1, expected 0; not reviewed 1',
      'false alarms in 1,000 program-days: 333 (95 %: 8.44 to 1860)',
      'at most, if all that is not reviewed were false: 667 (95 %: 80.7 to 2410)',
      'precision: 50.0 % of those reviewed were not false',
      'the policy in force allows 1',
      'above the budget, even at the low end',
      '',
    ]);
    const later = await ntkJson<object>(['review', 'rate', ...data, '--from', '2026-03-02']);
    expect(later).toMatchObject({ episodes: 0, programDays: 1, precision: null, falseAlarms: { standing: 'undecided' } });
  });

  test('cannot be told without the log, where the reviews are', async () => {
    const { code, stderr } = await ntk([
      'review',
      'rate',
      '--data',
      join(desk.path, 'nowhere'),
      '--clickhouse',
      'http://127.0.0.1:9',
    ]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
  });
});
