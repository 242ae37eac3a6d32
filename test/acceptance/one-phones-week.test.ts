/** A real phone's week (examples/ios-week): what five well-known programs took, and whether that was fine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Desk, ntk, ntkJson, ntkOk, ONE_LINE_ERROR, ROOT, rowsOf } from './ntk.ts';

const EXAMPLE = join(ROOT, 'examples/ios-week');
const REPORT = join(EXAMPLE, 'App_Privacy_Report_v4_2022-03-30.ndjson.gz');

/** Name, program, and how often the phone says that it took photos, location and microphone. */
const PROGRAMS: [string, string, { readonly photos: number; readonly location: number; readonly microphone: number }][] = [
  ['WeChat', 'com.tencent.xin', { photos: 19, location: 28, microphone: 16 }],
  ['Alipay', 'com.alipay.iphoneclient', { photos: 10, location: 54, microphone: 0 }],
  ['DingTalk', 'com.laiwang.DingTalk', { photos: 2, location: 3, microphone: 2 }],
  ['Meituan', 'com.meituan.imeituan', { photos: 0, location: 6, microphone: 0 }],
  ['Taobao', 'com.taobao.taobao4iphone', { photos: 5, location: 0, microphone: 0 }],
];

interface AppleLine {
  readonly type: string;
  readonly identifier: string;
  readonly accessor: { readonly identifier: string };
  readonly category: string;
}

interface Explained {
  readonly category: string;
  readonly verdict: string;
  readonly proposed: string;
  readonly reasons: readonly string[];
  readonly summary: string;
  readonly proved: boolean;
  readonly checks: readonly { readonly check: number; readonly status: string; readonly text: string }[];
}

/** What the phone's own file says: an interval is one access, its beginning and end are lines of their own. */
function accessesInTheFile(): { program: string; category: string }[] {
  const byIdentifier = new Map<string, { program: string; category: string }>();
  for (const line of gunzipSync(readFileSync(REPORT)).toString('utf8').trim().split('\n')) {
    const { type, identifier, accessor, category } = JSON.parse(line) as AppleLine;
    if (type === 'access') byIdentifier.set(identifier, { program: accessor.identifier, category });
  }
  return [...byIdentifier.values()];
}

describe('one phone’s week', () => {
  const desk = new Desk();
  let summary: string;

  beforeAll(async () => {
    const inputs = [join(EXAMPLE, 'declarations.ndjson'), `apple-privacy-report:${REPORT}`];
    summary = (await ntkOk(['run', '--data', desk.data, '--policy', join(EXAMPLE, 'policy.yaml'), '--input', ...inputs])).stdout;
  });
  afterAll(() => desk.clear());

  test('has 1,456 sensor accesses by 27 programs', async () => {
    const sql =
      "SELECT count() AS accesses, uniqExact(program) AS programs FROM ntk.access_results FINAL WHERE category != 'network'";
    expect(await rowsOf(desk.data, sql)).toEqual([{ accesses: 1456, programs: 27 }]);
    const inTheFile = accessesInTheFile();
    expect([inTheFile.length, new Set(inTheFile.map(({ program }) => program)).size]).toEqual([1456, 27]);
  });

  test('has in its summary every kind of data and who took what that is not as declared', () => {
    for (const line of [/photos +366 +10/, /location +277 +15/, /contacts +561 +9/, /microphone +97 +4/])
      expect(summary).toMatch(line);
    expect(summary).toMatch(/com\.laiwang\.DingTalk +photos +2 +0 +2 +2 +consent_missing undeclared_category/);
    expect(summary).toContain('0 attempts intercepted, by 0 programs; 11 more by 3 programs would have been');
  });

  describe.each(PROGRAMS)('%s', (_name, program, taken) => {
    test.each(Object.entries(taken).filter(([, count]) => count > 0))(
      'is judged for every access to %s in plain words, with proof',
      async (category, count) => {
        const explained = await ntkJson<Explained[]>([
          'explain',
          '--data',
          desk.data,
          '--program',
          program,
          '--category',
          category,
          '--recompute',
        ]);
        expect(explained).toHaveLength(count);
        for (const one of explained) {
          expect(one.proved).toBe(true);
          expect(one.category).toBe(category);
          expect(one.checks.map(({ check }) => check)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
          expect(one.checks.every(({ text }) => text.length > 0)).toBe(true);
          expect(one.checks.filter(({ status }) => status === 'found').length > 0).toBe(one.reasons.length > 0);
          expect(one.summary).toMatch(one.reasons.length === 0 ? /Fine: no check found anything\.$/ : /Found: /);
        }
      },
    );

    test('took as much of each as the phone’s own file says', () => {
      const own = accessesInTheFile().filter((access) => access.program === program);
      for (const [category, count] of Object.entries(taken)) {
        expect(own.filter((access) => access.category === category)).toHaveLength(count);
      }
    });
  });

  test('says in one line that Meituan took no photos', async () => {
    const { code, stdout, stderr } = await ntk([
      'explain',
      '--data',
      desk.data,
      '--program',
      'com.meituan.imeituan',
      '--category',
      'photos',
    ]);
    expect(stderr).toMatch(ONE_LINE_ERROR);
    expect(stderr).toContain("program 'com.meituan.imeituan', category 'photos'");
    expect([code, stdout]).toEqual([1, '']);
  });

  test('says in plain words that WeChat’s pictures were fine', async () => {
    const { stdout } = await ntkOk([
      'explain',
      '--data',
      desk.data,
      '--program',
      'com.tencent.xin',
      '--category',
      'photos',
      '--recompute',
    ]);
    expect(stdout).toContain('com.tencent.xin read photos by apple.photos for 45.0 s, no purpose named');
    expect(stdout).toContain('Fine: no check found anything.');
    expect(stdout).toContain('the declaration lists photos');
    expect(stdout).toContain('the user agreed to photos for declaration version 1');
    expect(stdout.match(/Proved: folding the log again gives this row byte for byte\./g)).toHaveLength(19);
  });

  test('says in plain words what was not fine about DingTalk’s', async () => {
    const { stdout } = await ntkOk([
      'explain',
      '--data',
      desk.data,
      '--program',
      'com.laiwang.DingTalk',
      '--category',
      'photos',
      '--recompute',
    ]);
    expect(stdout).toContain('undeclared_category');
    expect(stdout).toContain('The policy proposes intercept; its mode leaves allow in effect.');
    expect(stdout).toMatch(/remedy: .*photos/);
    expect(stdout.match(/Proved:/g)).toHaveLength(2);
  });

  test('is proved as a whole', async () => {
    expect((await ntkOk(['verify', '--data', desk.data])).stdout).toContain('Proved:');
  });
});
