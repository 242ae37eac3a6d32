/** A real phone's quiet week (examples/ios-week), programs beside it that do what no person does, and one that made the news. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BASELINE_REASONS } from '../../schemas/codes.ts';
import { Desk, ntkJson, ntkOk, ROOT, rowsOf } from './ntk.ts';

const EXAMPLE = join(ROOT, 'examples/ios-week');
const REPORT = join(EXAMPLE, 'App_Privacy_Report_v4_2022-03-30.ndjson.gz');
const DECLARATIONS = join(EXAMPLE, 'declarations.ndjson');
/** Published in October 2021; it lies beside the checkout where the design pages do, and has to in CI. */
const WECHAT = join(ROOT, '../shared/data/apple/wechat-2021-10-09.ndjson');
const HAS_A_BASELINE_REASON = `hasAny(reasons, [${BASELINE_REASONS.map((reason) => `'${reason}'`).join(', ')}])`;

/** Everything that the policy of the example says; baselines are at their default. */
const POLICY = join(EXAMPLE, 'policy.yaml');

interface Explained {
  readonly event_time: string;
  readonly summary: string;
  readonly reasons: readonly string[];
  readonly proposed: string;
  readonly foreground: boolean;
  readonly evidence: { readonly baseline?: { readonly score: number; readonly contributions: Readonly<Record<string, number>> } };
  readonly proved: boolean;
  readonly checks: readonly { readonly text: string }[];
}

const desk = new Desk();
/** What each run said at its end, by data folder. */
const summaries = new Map<string, string>();
afterAll(() => desk.clear());

/** Runs inputs on a new data folder and answers it. */
async function run(name: string, inputs: readonly string[], withPolicy = true): Promise<string> {
  const data = join(desk.path, name);
  const policy = withPolicy ? ['--policy', POLICY] : [];
  summaries.set(data, (await ntkOk(['run', '--data', data, ...policy, '--input', ...inputs])).stdout);
  return data;
}

const alarms = (data: string): Promise<{ program: string }[]> =>
  rowsOf(data, `SELECT program FROM ntk.access_results FINAL WHERE ${HAS_A_BASELINE_REASON}`);

describe('a quiet week', () => {
  test('has no alarm: 27 programs, seven days, whatever the policy', async () => {
    expect(readFileSync(POLICY, 'utf8')).toMatch(/enabled: true/);
    const quiet = await run('quiet', [DECLARATIONS, `apple-privacy-report:${REPORT}`]);
    expect(await alarms(quiet)).toEqual([]);
    expect(summaries.get(quiet)).not.toContain('unusual');
    expect(await alarms(await run('default', [DECLARATIONS, `apple-privacy-report:${REPORT}`], false))).toEqual([]);
  });
});

/** All day on Monday, give or take two seconds: 288 times. */
const BEGIN_MS = Date.parse('2022-03-28T00:00:00+08:00');
const POLLS = Array.from({ length: 288 }, (_, i) => BEGIN_MS + i * 300_000 + (((i * 7919) % 5) - 2) * 1000);
const PROGRAM = 'com.example.flashlight';

function appleReport(): string {
  const lines = POLLS.flatMap((at, i) =>
    [
      ['intervalBegin', at],
      ['intervalEnd', at + 3000],
    ].map(([kind, ms]) =>
      JSON.stringify({
        accessor: { identifier: PROGRAM, identifierType: 'bundleID' },
        category: 'location',
        identifier: `00000000-0000-0000-0000-${String(i).padStart(12, '0')}`,
        kind,
        timeStamp: new Date(ms as number).toISOString(),
        type: 'access',
      }),
    ),
  );
  return `${gunzipSync(readFileSync(REPORT)).toString('utf8').trimEnd()}\n${lines.join('\n')}\n`;
}

function cloudEvents(): string {
  return POLLS.map((at, i) =>
    JSON.stringify({
      specversion: '1.0',
      id: `poll-${i}`,
      source: 'host/test',
      type: 'ntk.access',
      subject: PROGRAM,
      time: new Date(at).toISOString(),
      data: { user: 'u_1', api: 'wx.getLocation', foreground: false, outcome: 'performed' },
    }),
  ).join('\n');
}

describe.each([
  ['an App Privacy Report', () => [`apple-privacy-report:${desk.write('week.ndjson', appleReport())}`]],
  ['events of a host', () => [`apple-privacy-report:${REPORT}`, desk.write('polls.ndjson', cloudEvents())]],
] as const)('a program that reads the location every five minutes all day, in %s', (name, inputs) => {
  let data: string;
  beforeAll(async () => {
    data = await run(name.replaceAll(' ', '-'), [DECLARATIONS, ...inputs()]);
  });

  test('is found within an hour, and nobody else is', async () => {
    const [first, ...rest] = await rowsOf<{ program: string; first: number; found: string }>(
      data,
      `SELECT program, min(toUnixTimestamp64Milli(event_time)) AS first, count() AS found FROM ntk.access_results FINAL WHERE ${HAS_A_BASELINE_REASON} GROUP BY program`,
    );
    expect(rest).toEqual([]);
    expect(first!.program).toBe(PROGRAM);
    expect(Number(first!.first) - BEGIN_MS).toBeLessThan(3_600_000);
    expect(Number(first!.found)).toBeGreaterThan(270);
  });

  test('is told at the end of the run, with the command that says what it is', async () => {
    const told =
      /^unusual for what it did before: (\d+) accesses by 1 program, (\d+) in this run\. Told one by one: ntk review list --data \S+$/m;
    const [, all, inThisRun] = told.exec(summaries.get(data)!) ?? [];
    expect(Number(all)).toBeGreaterThan(270);
    expect(inThisRun).toBe(all);
    // What comes later has nothing new to tell.
    const again = await ntkOk(['run', '--data', data, '--policy', POLICY, '--input', DECLARATIONS]);
    expect(told.exec(again.stdout)?.slice(1)).toEqual([all, '0']);
    const { stdout } = await ntkOk(['review', 'list', '--data', data, '--utc-offset', '+08:00']);
    expect(stdout).toMatch(/^\d-\d+ {2}com\.example\.flashlight \(undeclared\)$/m);
    expect(stdout).toMatch(/^ {2}from 2022-03-28T00:\S+\+08:00 to 2022-03-28T23:\S+\+08:00, \d+ results for location$/m);
    expect(stdout).toContain(
      'Called like clockwork: The calls come at even intervals, as a machine makes them and no person does.',
    );
  });

  test('is explained in plain words, with what is ordinary and with parts that add up, and proved', async () => {
    const { stdout } = await ntkOk(['explain', '--data', data, '--program', PROGRAM]);
    expect(stdout).toContain('The calls come at even intervals, as a machine makes them and no person does.');
    expect(stdout).toMatch(/For one user, \d+ calls in a row came 5 minutes apart; people come at irregular times\./);
    expect(stdout).toMatch(/Score [\d.]+, and [\d.]+ is an alarm: [\d.]+ for the even intervals/);
    const explained = await ntkJson<Explained[]>(['explain', '--data', data, '--program', PROGRAM, '--recompute']);
    const found = explained.filter(({ reasons }) => reasons.includes('periodic_polling'));
    expect(found.length).toBeGreaterThan(0);
    for (const { evidence, proved, checks } of found) {
      expect(proved).toBe(true);
      expect(checks[9]!.text).toMatch(
        /^periodic_polling: The calls come at even intervals, as a machine makes them and no person does\. For one user, /,
      );
      const { score, contributions } = evidence.baseline!;
      expect(Object.values(contributions).reduce((sum, amount) => sum + amount, 0)).toBe(score);
    }
    const sums =
      'SELECT countIf(score > 0) > 0 AS scored, countIf(toFloat32(arraySum(mapValues(contributions))) != score) AS wrong FROM ntk.access_results FINAL';
    expect(await rowsOf(data, sums)).toEqual([{ scored: 1, wrong: expect.toSatisfy((wrong) => Number(wrong) === 0) as unknown }]);
  });
});

/** Not everybody has the folder beside the checkout; CI has, or fails. */
const isThere = existsSync(WECHAT) || process.env.CI !== undefined;

describe.skipIf(!isThere)('WeChat, which read the photo album for three minutes at 06:41 in the morning', () => {
  const photos = (data: string, at: string): Promise<Explained[]> =>
    ntkJson<Explained[]>(['explain', '--data', data, '--program', 'com.tencent.xin', '--category', 'photos']).then((all) =>
      all.filter(({ event_time }) => event_time.startsWith(at)),
    );

  test('is not found from the phone’s report alone: it does not say what was on screen, and one read is no pattern', async () => {
    const data = await run('wechat', [DECLARATIONS, `apple-privacy-report:${REPORT}`, `apple-privacy-report:${WECHAT}`]);
    const [read, ...rest] = await photos(data, '2021-10-08 22:41');
    expect(rest).toEqual([]);
    expect(read).toMatchObject({ proposed: 'allow', reasons: [], foreground: true });
    expect(read!.summary).toContain('read photos by apple.photos for 3.2 min');
    const asThere = ['--program', 'com.tencent.xin', '--category', 'photos', '--utc-offset', '+08:00', '--limit', '1'];
    const { stdout } = await ntkOk(['explain', '--data', data, ...asThere]);
    expect(stdout).toMatch(/^2021-10-09 06:41:51\.896\+08:00 {2}com\.tencent\.xin read photos by apple\.photos for 3\.2 min, /);
  });

  test('would cost a hundred times the budget to find by hour and length: the quiet week has such reads, too', async () => {
    const data = await run('hours', [DECLARATIONS, `apple-privacy-report:${REPORT}`]);
    const half = "toDateTime64('2022-03-26 00:00:00', 3, 'UTC')";
    const hour = "toHour(event_time, 'Asia/Shanghai')";
    const reads = "ntk.access_results FINAL WHERE category != 'network'";
    const [counted] = await rowsOf<{ reads: string; programDays: string }>(
      data,
      `SELECT countIf(duration_ms >= 180000 AND (program, ${hour}) NOT IN (SELECT program, ${hour} FROM ${reads} AND event_time < ${half})) AS reads, uniqExact(program, toDate(event_time)) AS programDays FROM ${reads} AND event_time >= ${half}`,
    );
    // Three minutes and longer, at an hour of the day at which the program had not been used in half a week.
    expect(Number(counted!.reads) / Number(counted!.programDays)).toBeGreaterThan(0.1);
  });

  test('is found where the host says that it was in the background, which its declaration does not allow', async () => {
    const event = {
      specversion: '1.0',
      id: 'night-1',
      source: 'host/test',
      type: 'ntk.access',
      subject: 'com.tencent.xin',
      time: '2021-10-09T06:41:51.896+08:00',
      data: { user: 'device-1', api: 'apple.photos', foreground: false, outcome: 'performed', durationMs: 191_917 },
    };
    const data = await run('background', [DECLARATIONS, desk.write('night.ndjson', JSON.stringify(event))]);
    const [read] = await photos(data, '2021-10-08 22:41');
    expect(read).toMatchObject({ proposed: 'flag', reasons: ['background_access'] });
  });
});
