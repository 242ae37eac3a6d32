/** The pages for reviewers on a real folder with alarms, beside what the command line says of the same. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { launchChromium } from '../browser/chromium.ts';
import { NtkProcess } from '../crash/ntk-process.ts';
import { ALARMED, ALSO_ALARMED, makeAlarmedFolder } from './alarmed-folder.ts';
import { Desk, ntkJson, ntkOk } from './ntk.ts';
import { access, declaration, ndjson } from './records.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const QUIET = 'wx-only-declared';
/** Its id needs every kind of care. */
const STRANGE = `wx "&'<b>%2F/?#é`;

interface Listed {
  readonly episode: string;
  readonly program: string;
  readonly review: unknown;
}

/** Suspended, and until when. */
function standing(id: string, subject: string, until: string | null): string {
  const data = { state: 'suspended', by: 'r7', reason: 'harvest', until };
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: 'ntk/test',
    type: 'ntk.standing',
    subject,
    time: '2026-03-02T06:00:00Z',
    data,
  });
}

describe('the pages for reviewers', () => {
  const desk = new Desk();
  const data = ['--data', desk.data];
  let up: NtkProcess;
  let url: string;
  let token: string;
  let episodes: readonly Listed[];

  beforeAll(async () => {
    await makeAlarmedFolder(desk);
    const nearby = { id: 'nearby', text: 'near you', categories: [{ category: 'location', background: true }] };
    const scan = { id: 'scan', text: 'scan', categories: [{ category: 'camera' }] };
    const later = ndjson(
      declaration({ id: 'd-1', subject: ALARMED }, { developer: 'dev_<1>', class: 'delivery', purposes: [nearby, scan] }),
      declaration({ id: 'd-2', subject: QUIET }, { purposes: [scan] }),
      standing('s-1', ALARMED, null),
      standing('s-2', QUIET, '2026-03-03T00:00:00Z'),
      access({ id: 'after', subject: ALARMED, time: '2026-03-02T07:00:00Z' }, { foreground: false }),
      access({ id: 'strange', subject: STRANGE, time: '2026-03-02T07:00:00Z' }, { user: 'secret-user' }),
    );
    const policy = desk.write(
      'stricter.yaml',
      'version: stricter\nmodes: { default: enforce }\nactions: { program_suspended: intercept }\nbaselines: { falseAlarmsPerProgramDay: 0.001 }\n',
    );
    await ntkOk(['run', ...data, '--policy', policy, '--input', desk.write('b.ndjson', later)]);
    await ntkOk(['entitlement', ALARMED, 'camera', 'granted', '--until', '2099-01-01', ...data]);
    await ntkOk(['entitlement', ALARMED, 'location', 'granted', '--until', '2020-01-01', ...data]);
    await ntkOk([
      'run',
      ...data,
      '--input',
      desk.write('c.ndjson', ndjson(access({ id: 'last', subject: ALSO_ALARMED, time: '2026-03-02T07:00:00Z' }))),
    ]);
    episodes = await ntkJson<Listed[]>(['review', 'list', ...data]);
    await ntkOk(['review', episodes[0]!.episode, 'expected', ...data, '--by', 'anna', '--note', 'a <b>sale</b>']);
    up = new NtkProcess(['up', ...data, '--port', '0'], { NTK_HEARTBEAT_SECONDS: '0' });
    const file = join(desk.data, 'system.json');
    await vi.waitUntil(() => existsSync(file), { timeout: 60_000 });
    ({ url, token } = JSON.parse(readFileSync(file, 'utf8')) as { url: string; token: string });
  });
  afterAll(async () => {
    up?.child.kill('SIGTERM');
    await up?.ended;
    desk.clear();
  });

  async function page(path: string, status = 200): Promise<string> {
    const answer = await fetch(`${url}${path}`);
    expect(answer.status).toBe(status);
    return answer.text();
  }
  const programPath = (program: string): string => `/programs?id=${encodeURIComponent(program)}`;
  const textOf = (markup: string): string => markup.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  const alarmsIn = (markup: string): string[] => [...markup.matchAll(/id="alarm-([\d-]+)"/g)].map(([, id]) => id!);

  test('alarms are those of ntk review list, newest first, with what people said', async () => {
    const all = await page('/alarms');
    expect(alarmsIn(all)).toEqual(episodes.map(({ episode }) => episode));
    expect(textOf(all)).toContain(`${episodes.length} alarms, 1 reviewed`);
    expect(textOf(all)).toMatch(/Expected by anna, .*: a &lt;b&gt;sale&lt;\/b&gt;/);
    expect(alarmsIn(await page('/alarms?open=1'))).toEqual(episodes.slice(1).map(({ episode }) => episode));
  });

  test('a program is shown with what it declares, what it took and what was stopped of it', async () => {
    const text = textOf(await page(programPath(ALARMED)));
    expect(text).toContain('delivery, of developer dev_&lt;1&gt;; version 1 of its declaration is in force');
    expect(text).toContain('Suspended .');
    expect(text).toContain('location nearby also in the background 5 1 1 0 2026-03-02 07:00');
    expect(text).toContain('camera scan open to it until 2099-01-01 00:00:00 UTC 0 0 0 0 never');
    expect(text).toMatch(/Suspended program Reviewers of the platform .* 1 /);
    const own = episodes.filter(({ program }) => program === ALARMED).map(({ episode }) => episode);
    expect(alarmsIn(await page(programPath(ALARMED)))).toEqual(own);
    expect(own.length).toBeLessThan(episodes.length);
  });

  test('each of its hours is in its chart, with its alarms behind them', async () => {
    const markup = await page(programPath(ALARMED));
    expect(markup).toContain('aria-label="location: at most 2 in an hour, 2026-03-01 02:00 UTC; 2 alarms in this time"');
    // 02, 03 and 09 o'clock, and 07 of the next day.
    expect(markup.match(/class="bar"/g)!.length).toBeGreaterThanOrEqual(4);
  });

  test('a program that only declared something is shown, and one that nobody heard of is not', async () => {
    const text = textOf(await page(programPath(QUIET)));
    expect(text).toContain('camera scan 0 0 0 0 never');
    // It was, and that has lapsed.
    expect(text).not.toContain('Suspended');
    expect(textOf(await page(programPath('wx-nobody'), 404))).toContain('No program has this id');
    // What looks alike is another one.
    await page(programPath(` ${QUIET}`), 404);
  });

  test('the list leads to each program, whatever its id is', async () => {
    const markup = await page('/programs');
    const links = [...markup.matchAll(/<a class="program" href="([^"]+)"/g)].map(([, href]) => href!.replaceAll('&#39;', "'"));
    expect(new Set(links.map((href) => new URL(href, url).searchParams.get('id')))).toEqual(
      new Set([ALARMED, ALSO_ALARMED, STRANGE]),
    );
    expect(links).toHaveLength(3);
    for (const href of links) await page(href);
  });

  test('an alarm leads to the access with the highest score, and that back to its program', async () => {
    const href = /href="(\/accesses\/[\d-]+)"/.exec(await page(programPath(ALARMED)))![1]!;
    const markup = await page(href);
    expect(markup).toContain(`href="${programPath(ALARMED)}"`);
    expect(textOf(markup)).toContain('Every check');
    await page('/accesses/0-99999', 404);
    await page('/accesses/99999-0', 404);
    await page('/accesses/x', 400);
  });

  test('no user is named, and nothing can be changed', async () => {
    for (const path of ['/alarms', '/programs', programPath(STRANGE), programPath(ALARMED)]) {
      expect(await page(path)).not.toContain('secret-user');
      expect((await fetch(`${url}${path}`, { method: 'POST' })).status).toBe(404);
    }
  });

  test('a reviewer who signs in in a browser concludes an alarm beside it, for the command line as well', async () => {
    const [, { episode }] = episodes as [Listed, Listed];
    const browser = await launchChromium();
    try {
      const context = await browser.newContext({ httpCredentials: { username: 'ben', password: token } });
      const reader = await context.newPage();
      for (const path of [programPath(ALARMED), '/alarms?open=1']) {
        await reader.goto(`${url}${path}`);
        await reader.evaluate(AXE);
        const { violations } = await reader.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
          'axe.run(document)',
        );
        expect(violations.map(({ id, nodes }) => `${path} ${id}: ${nodes[0]?.html}`)).toEqual([]);
      }
      const alarm = reader.locator(`#alarm-${episode}`);
      await alarm.getByLabel('Why').fill('calls <all> night');
      // It is no word about it.
      await reader.keyboard.press('Enter');
      await alarm.getByRole('button', { name: 'False alarm' }).click();
      await reader.waitForURL(`${url}/alarms#alarm-${episode}`);
      expect(await alarm.innerText()).toMatch(/False alarm by ben, .*: calls <all> night/);
    } finally {
      await browser.close();
    }
    const now = await ntkJson<Listed[]>(['review', 'list', ...data]);
    expect(now.find((one) => one.episode === episode)).toMatchObject({
      review: { disposition: 'false_positive', by: 'ben', note: 'calls <all> night' },
      earlierReviews: [],
    });
    const unsigned = await fetch(`${url}/alarms/${episode}/review`, {
      method: 'POST',
      body: new URLSearchParams({ disposition: 'expected' }),
    });
    expect(unsigned.status).toBe(401);
  });
});
