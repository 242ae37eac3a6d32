/** The live page in a real browser, on the real system with the simulator as its host, killed and started again under its reader. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { InterceptionReport } from '../../schemas/report/interceptions.ts';
import { freePort } from '../free-ports.ts';
import { readBatches } from '../../services/platform/log/read-batches.ts';
import { launchChromium } from '../browser/chromium.ts';
import { NtkProcess } from '../crash/ntk-process.ts';
import { Desk, ntk, ntkJson, rowsOf, withLog } from './ntk.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const POLL_MS = 50;
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 900 };

/** In the browser: over when three more reports have come to it. */
const THREE_REPORTS = `new Promise((resolve) => {
  const events = new EventSource('/live/events');
  let reports = 0;
  events.addEventListener('report', () => {
    if (++reports < 3) return;
    events.close();
    resolve();
  });
})`;

interface Door {
  readonly url: string;
  readonly pid: number;
}

async function until<T>(look: () => T | null | Promise<T | null>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== null) return seen;
    await pause(POLL_MS);
  }
}

describe('the live page', () => {
  const desk = new Desk();
  let port: number;
  let running: NtkProcess;
  let browser: Browser;
  let page: Page;
  /** What the browser complained about: errors of scripts, and what the page's own policy forbade. */
  const complaints: string[] = [];

  async function start(...flags: string[]): Promise<void> {
    running = new NtkProcess(['up', '--simulate', '--data', desk.data, '--port', String(port), ...flags], {});
    const file = join(desk.data, 'system.json');
    await until(async () => {
      if (running.child.exitCode !== null) throw new Error(`it ended by itself: ${(await running.ended).stderr}`);
      if (!existsSync(file)) return null;
      return (JSON.parse(readFileSync(file, 'utf8')) as Door).pid === running.child.pid ? true : null;
    });
  }

  const address = (path: string): string => `http://127.0.0.1:${port}${path}`;

  async function served(path: string): Promise<string> {
    const response = await fetch(address(path));
    expect(response.status).toBe(200);
    return response.text();
  }

  async function visit(options: BrowserContextOptions): Promise<Page> {
    const context = await browser.newContext(options);
    const visited = await context.newPage();
    visited.on('pageerror', (error) => complaints.push(error.message));
    visited.on('console', (message) => {
      // The system is killed under the page on purpose.
      if (message.type() === 'error' && !/ERR_|Failed to load resource/.test(message.text())) complaints.push(message.text());
    });
    await visited.goto(address('/'));
    await visited.locator('#newest li').first().waitFor();
    return visited;
  }

  const textOf = (selector: string): Promise<string> => page.locator(selector).innerText();
  const numberAt = async (selector: string): Promise<number> => Number((await textOf(selector)).replaceAll(',', ''));

  beforeAll(async () => {
    browser = await launchChromium();
    port = await freePort();
    await start('--rate', '150');
    page = await visit({ viewport: DESKTOP });
  });
  afterAll(async () => {
    await browser?.close();
    running?.child.kill('SIGKILL');
    await running?.ended;
    desk.clear();
  });

  test('says that what it shows is made up', async () => {
    expect(await textOf('main')).toContain('Programs, users and accesses on this page are made up.');
  });

  test('its figures move', async () => {
    const before = await numberAt('#attempts');
    await until(async () => ((await numberAt('#attempts')) > before ? true : null));
    await until(async () => ((await numberAt('#rate')) > 0 ? true : null));
    expect(await textOf('#state')).toBe('Running');
    expect(await textOf('#share-intercept')).toMatch(/^<?\d+(?:\.\d)? %$/);
    expect(await textOf('#median')).toMatch(/^[\d.,]+ (?:ms|s)$/);
    expect(await page.locator('#spark-line').getAttribute('d')).toMatch(/^M0,/);
  });

  test('an interception can be opened with the keyboard, and says why, what to do and every check', async () => {
    // The first of the list is another one whenever something comes, until somebody stands on it.
    await page.locator('#newest summary').first().focus();
    const summary = page.locator('#newest summary:focus');
    const remedy = (await summary.locator('.why').innerText()).replace(/^.*?\.\s/, '');
    await page.keyboard.press('Enter');
    const item = page.locator('#newest li:has(details[open])');
    await item.locator('.checks li').nth(9).waitFor();
    const text = await item.innerText();
    expect(text).toContain('Why');
    expect(text).toContain('What the developer can do');
    expect(await item.locator('.remedy').innerText()).toBe(remedy);
    expect(remedy).toMatch(/\w+ .*\.$/);
    expect(await item.locator('.checks li').count()).toBe(10);
    expect(await item.locator('.checks [data-is="found"]').count()).toBeGreaterThan(0);
    // Words, not codes: nothing of the contracts has to be known to read why.
    expect(await item.locator('.opened p').first().innerText()).not.toMatch(/\w_\w/);
    expect(text).toMatch(/ntk explain \S+ --recompute/);
  });

  test('what is open stays under its reader, whatever comes', async () => {
    const id = await page.locator('#newest details[open]').getAttribute('data-id');
    await page.locator('#newer').waitFor({ state: 'visible' });
    expect(await page.locator('#newest details[open]').getAttribute('data-id')).toBe(id);
    await page.locator('#newest details[open] summary').click();
    await page.locator('#newer').click();
    await until(async () => ((await page.locator('#newest details').first().getAttribute('data-id')) === id ? null : true));
  });

  test('the link to a program stays while somebody stands on it, and leads to its page', async () => {
    const link = page.locator('#by-program a').first();
    // The keyboard stays where it is, also where what lies above grows.
    await until(async () => {
      await link.focus();
      // A report may have come just then.
      return (await page.evaluate<boolean>(`document.activeElement.closest('#by-program') !== null`)) ? true : null;
    });
    const program = await link.innerText();
    await page.evaluate(`document.querySelector('#by-program a').dataset.is = 'the same'`);
    await page.evaluate(THREE_REPORTS);
    expect(await page.locator('#by-program a').first().getAttribute('data-is')).toBe('the same');
    const other = await page.context().newPage();
    await other.goto(address((await link.getAttribute('href'))!));
    expect(await other.locator('h1').innerText()).toBe(program);
    expect(await other.locator('main').innerText()).toContain('What it declares, and what it takes');
    await other.close();
    await link.blur();
  });

  test('can be held still', async () => {
    await page.locator('#pause').click();
    expect(await page.locator('#pause').getAttribute('aria-pressed')).toBe('true');
    const held = await textOf('#of');
    await page.evaluate(THREE_REPORTS);
    expect(await textOf('#of')).toBe(held);
    await page.locator('#pause').click();
    await until(async () => ((await textOf('#of')) === held ? null : true));
  });

  describe.each([
    ['a desk', DESKTOP],
    ['a phone', PHONE],
  ] as const)('on %s', (_, viewport) => {
    test.each(['light', 'dark'] as const)('nothing keeps anybody out (%s)', async (colorScheme) => {
      const visited = await visit({ viewport, colorScheme, reducedMotion: 'reduce' });
      await visited.locator('#newest summary').first().click();
      await visited.locator('.checks li').first().waitFor();
      const program = await visited.locator('#by-program a').first().getAttribute('href');
      const access = await visited.locator('#newest details').first().getAttribute('data-id');
      // Each size and each colour of these once.
      const ofReviewers =
        (viewport === DESKTOP) === (colorScheme === 'dark') ? ['/alarms', '/programs', program!, `/accesses/${access}`] : [];
      for (const path of ['/', '/report', '/guides', ...ofReviewers]) {
        if (path !== '/') await visited.goto(address(path));
        // No wider than the screen.
        expect(await visited.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width);
        await visited.evaluate(AXE);
        const found = await visited.evaluate<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>(
          'axe.run(document)',
        );
        expect(found.violations.map(({ id, impact, nodes }) => `${path} ${id} (${impact}): ${nodes[0]?.html}`)).toEqual([]);
      }
      await visited.context().close();
    });
  });

  test('no user is named anywhere in what is served', async () => {
    const users = new Set<string>();
    await withLog(desk.data, async (log) => {
      for await (const { bytes, starts, count } of readBatches(log, 'access', 0, { maxRecords: 5_000, maxBytes: 8 << 20 }))
        for (let i = 0; i < count; i++) {
          const { data } = JSON.parse(bytes.toString('utf8', starts[i], starts[i + 1])) as { data: { user?: string } };
          if (data.user !== undefined) users.add(data.user);
        }
    });
    const stored = await rowsOf<{ user: string }>(desk.data, 'SELECT DISTINCT user FROM ntk.access_results FINAL');
    for (const { user } of stored) users.add(user);
    expect(users.size).toBeGreaterThan(100);
    const id = await page.locator('#newest details').first().getAttribute('data-id');
    const program = await page.locator('#by-program a').first().getAttribute('href');
    const all = [
      await page.content(),
      await served(`/live/accesses/${id}`),
      await served('/report'),
      await served('/programs'),
      await served(program!),
      await served(`/accesses/${id}`),
      await firstEvents(address('/live/events')),
    ].join('\n');
    expect(all).toContain('event: newest');
    for (const user of users) expect(all.includes(user)).toBe(false);
  });

  test('killed and started again with a host of one’s own, it goes on where it was, and equals ntk report in the end', async () => {
    const before = await numberAt('#attempts');
    running.child.kill('SIGKILL');
    await running.ended;
    await until(async () => ((await textOf('#state')).startsWith('Connection lost') ? true : null));
    await start('--no-simulator');
    // The page comes back by itself.
    await until(async () => ((await textOf('#state')) === 'Running' ? true : null));
    const report = await until(async () => {
      const now = await ntkJson<InterceptionReport>(['report', '--data', desk.data]);
      return now.quality.unwritten === 0 ? now : null;
    });
    const number = (value: number): string => value.toLocaleString('en-US');
    await until(async () => ((await textOf('#of')).startsWith(`of ${number(report.accesses)} `) ? true : null));
    const { intercepted } = report;
    expect(intercepted.attempts).toBeGreaterThanOrEqual(before);
    expect(await textOf('#headline')).toBe(
      `${number(intercepted.attempts)} attempts intercepted, by ${number(intercepted.programs)} programs`,
    );
    for (const [selector, value] of [
      ['#prevented', intercepted.prevented],
      ['#already-refused', intercepted.alreadyRefused],
      ['#late', intercepted.late],
      ['#would', report.wouldHaveBeenIntercepted.attempts],
    ] as const)
      expect(await textOf(selector)).toBe(number(value));
    const figuresOf = (id: string): Promise<string[]> => page.locator(`#${id} tbody .n`).allInnerTexts();
    const figures = (rows: readonly { attempts: number; programs: number }[]): string[] =>
      rows.flatMap(({ attempts, programs }) => [number(attempts), number(programs)]);
    expect(await figuresOf('by-reason')).toEqual(figures(report.byReason));
    expect(await figuresOf('by-category')).toEqual(figures(report.byCategory));
    expect(report.byReason.length).toBeGreaterThan(2);
  });

  test('the browser had nothing to complain about', () => {
    expect(complaints).toEqual([]);
  });

  test('what it left behind is proved by ntk verify', async () => {
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
    expect((await ntk(['verify', '--data', desk.data])).code).toBe(0);
  });
});

/** The first states of all kinds that a reader is sent. */
async function firstEvents(url: string): Promise<string> {
  const leave = new AbortController();
  const response = await fetch(url, { signal: leave.signal });
  let text = '';
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk as Uint8Array).toString('utf8');
    if (text.includes('event: newest') && text.includes('event: now')) break;
  }
  leave.abort();
  return text;
}
