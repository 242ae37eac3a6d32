/** What the live page says and asks for when the system does not answer, in a real browser. The server is a script of answers. */
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { AboutSystem } from '../../services/console/console-source.ts';
import { PAGE_HEADERS } from '../../services/console/http/headers.ts';
import { consolePage, pageKey } from '../../services/console/page/console-page.ts';
import { launchChromium } from '../browser/chromium.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const FOLDER = join(import.meta.dirname, '../../services/console/page');
const ABOUT = { version: '0.1.0', logId: 'a-log', simulated: 'never', dataIn: './data' } as const;
const NOW = {
  at: '2026-03-02T10:00:00.000Z',
  accessesPerSecond: 1,
  accesses: [1, 1],
  verdicts: { allow: 60, flag: 0, throttle: 0, intercept: 0 },
  verdictMs: null,
  waitingRecords: 0,
  policy: null,
  troubles: [],
};
const ACCESS = {
  id: '1-7',
  at: NOW.at,
  program: 'wx1',
  page: '/programs?id=wx1',
  did: 'asked for photos',
  reasons: [{ title: 'Not declared', sentence: 'It is not.' }],
  remedy: '',
  became: 'late',
};

let browser: Browser;
let server: Server;
let page: Page;
let streams: ServerResponse[];
let streamsBegun: number;
let lookUps: ServerResponse[];
let newest: (typeof ACCESS)[];
/** What runs at the address. */
let about: AboutSystem;
/** What is answered in place of a stream. */
let refusal: number | null;

function say(kind: string, data: unknown): void {
  for (const stream of streams) stream.write(`event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`);
}

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

beforeEach(async () => {
  streams = [];
  streamsBegun = 0;
  lookUps = [];
  newest = [ACCESS];
  about = ABOUT;
  refusal = null;
  server = createServer((request, response) => {
    const url = request.url!;
    if (url === '/') response.writeHead(200, { ...PAGE_HEADERS, 'content-type': 'text/html' }).end(consolePage(about));
    else if (url.endsWith('.mjs'))
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(join(FOLDER, url.slice(1))));
    else if (url.endsWith('.css'))
      response.writeHead(200, { 'content-type': 'text/css' }).end(readFileSync(join(FOLDER, url.slice(1))));
    else if (url === '/live/events' && refusal !== null) response.writeHead(refusal).end();
    else if (url === '/live/events') {
      streamsBegun++;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      streams.push(response);
      say('system', { madeFor: pageKey(about) });
      response.on('close', () => streams.splice(streams.indexOf(response), 1));
      say('now', NOW);
      say('newest', newest);
    } else if (url.startsWith('/live/accesses/')) lookUps.push(response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  page = await browser.newPage();
  // Its time goes on when a test says so.
  await page.clock.install();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.locator('#state[data-is=running]').waitFor();
});
afterEach(async () => {
  await page.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('a system that says nothing any more is not said to be running, and is asked anew', async () => {
  await page.clock.fastForward(9_000);
  expect(await page.locator('#state-text').textContent()).toBe('Running');
  await page.clock.fastForward(2_000);
  await vi.waitFor(() => expect(streamsBegun).toBe(2), { timeout: 10_000 });
  await page.locator('#state[data-is=running]').waitFor();
  await vi.waitFor(() => expect(streams).toHaveLength(1), { timeout: 10_000 });
});

test('nothing heard is said as long as nobody answers', async () => {
  server.removeAllListeners('request');
  await page.clock.fastForward(11_000);
  await page.locator('#state[data-is=lost]').waitFor();
  expect(await page.locator('#state-text').textContent()).toBe('Nothing heard for a while, trying again');
});

test('a tab that nobody sees holds no connection, and goes on when it is looked at', async () => {
  const isHidden = (hidden: boolean): Promise<void> =>
    page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} });
document.dispatchEvent(new Event('visibilitychange'))`);
  await isHidden(true);
  await vi.waitFor(() => expect(streams).toHaveLength(0), { timeout: 10_000 });
  await page.clock.fastForward(60_000);
  await isHidden(false);
  await vi.waitFor(() => expect(streams).toHaveLength(1), { timeout: 10_000 });
  expect(streamsBegun).toBe(2);
});

test('checks that could not be looked up are looked up when it is opened again, though it was closed before that was known', async () => {
  const summary = page.locator('#newest summary');
  await summary.click();
  await vi.waitFor(() => expect(lookUps).toHaveLength(1), { timeout: 10_000 });
  await summary.click();
  lookUps[0]!.writeHead(503).end();
  await page.locator('#newest .opened').waitFor({ state: 'detached' });
  await summary.click();
  await vi.waitFor(() => expect(lookUps).toHaveLength(2), { timeout: 10_000 });
});

test('a page that was asked for another token than it has says so, and goes on when it is welcome again', async () => {
  const state = page.locator('#state-text');
  refusal = 401;
  streams[0]!.destroy();
  await vi.waitFor(() => expect(streams).toHaveLength(0), { timeout: 10_000 });
  await vi.waitFor(
    async () => {
      await page.clock.runFor(3_000);
      expect(await state.textContent()).toBe('Another token is needed: load this page again');
    },
    { timeout: 20_000 },
  );
  await page.locator('#newest summary').click();
  await vi.waitFor(() => expect(lookUps).toHaveLength(1), { timeout: 10_000 });
  lookUps[0]!.writeHead(401).end();
  await page.locator('.opened').getByText('Another token is needed: load this page again.').waitFor();
  refusal = 503;
  await vi.waitFor(
    async () => {
      await page.clock.runFor(3_000);
      expect(await state.textContent()).toBe('As many pages are open as may be, trying again');
    },
    { timeout: 20_000 },
  );
  refusal = null;
  await vi.waitFor(
    async () => {
      await page.clock.runFor(3_000);
      expect(await state.textContent()).toBe('Running');
    },
    { timeout: 20_000 },
  );
});

test('an access of years ago is told with its year, and its time stands beside the program’s name and not over it', async () => {
  newest = [{ ...ACCESS, at: '2019-12-31T12:00:00.000Z' }];
  await page.reload();
  const time = page.locator('#newest time');
  expect(await time.textContent()).toContain('2019');
  const [timeEnds, nameBegins] = await page.evaluate<[number, number]>(`(() => {
    const written = document.createRange();
    written.selectNodeContents(document.querySelector('#newest time'));
    return [written.getBoundingClientRect().right, document.querySelector('#newest .what').getBoundingClientRect().left];
  })()`);
  expect(timeEnds).toBeLessThan(nameBegins);
});

test('a page that another system answers becomes the page of that one, before its figures are shown', async () => {
  about = { ...ABOUT, logId: 'another-log', simulated: 'now' };
  streams[0]!.destroy();
  await page.locator('footer').getByText('another-log').waitFor();
  expect(await page.locator('.notice').first().textContent()).toContain('Simulated.');
  await page.locator('#state[data-is=running]').waitFor();
  // One that is its own stays.
  const begun = streamsBegun;
  say('system', { madeFor: pageKey(about) });
  say('now', { ...NOW, waitingRecords: 77 });
  await page.locator('#waiting').getByText('77').waitFor();
  expect(streamsBegun).toBe(begun);
});

test('whose time the times of the page are is said', async () => {
  expect(await page.locator('#state-time').textContent()).toMatch(/^\d\d:\d\d:\d\d (?:UTC|GMT|[A-Z]{2,5})/);
});
