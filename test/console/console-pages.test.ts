/** The pages over HTTP: what browsers are told about them, who is let in, and that asking costs the same however many ask. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { HtmlValidate } from 'html-validate';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import type { InterceptionReport } from '../../schemas/report/interceptions.ts';
import { registerConsole } from '../../services/console/http/register-console.ts';
import { READERS_MAX } from '../../services/console/live/event-stream.ts';
import { LiveFigures } from '../../services/console/live/live-figures.ts';
import { CLASSES_TOLD_MAX, LivePage } from '../../services/console/live/live-page.ts';
import { systemClock } from '../../services/platform/clock.ts';
import { Health } from '../../services/platform/http/health.ts';
import { createHttpServer, type HttpServer } from '../../services/platform/http/http-server.ts';
import { comeTo, readUntil } from './events-reader.ts';
import { KnownSource, REPORT } from './known-source.ts';

/** Reading until then is reading to the end. */
const NEVER_SENT = '\0';
const TOKEN = 'token-of-the-test';
const LOOPBACK = { host: '127.0.0.1:7077' };

describe('the pages', () => {
  let server: HttpServer;
  let source: KnownSource;
  const problems: string[] = [];
  const opened: IncomingMessage[] = [];

  async function open(host = '127.0.0.1'): Promise<HttpServer['app']> {
    source = new KnownSource();
    const registry = new Registry();
    server = createHttpServer({ host, port: 0, health: new Health(), registry });
    const clock = systemClock;
    const live = new LivePage({ source, figures: new LiveFigures(clock), clock, onProblem: (said) => problems.push(said) });
    await registerConsole(server.app, {
      source,
      live,
      clock,
      host,
      token: TOKEN,
      docsFolder: join(import.meta.dirname, '../../docs'),
    });
    live.start();
    return server.app;
  }
  afterEach(async () => {
    for (const one of opened.splice(0)) one.destroy();
    await server.stop();
  });

  async function follow(url: string): Promise<IncomingMessage> {
    const response = await comeTo(`${url}/live/events`);
    opened.push(response);
    return response;
  }

  test.each([
    '/',
    '/guides',
    '/alarms',
    '/alarms?open=1',
    '/programs',
    '/programs?id=wx1',
    '/programs?id=nobody',
    '/accesses/1-7',
  ])('%s is valid HTML, and nothing in it is inline', async (url) => {
    const app = await open();
    const { body, headers } = await app.inject({ url, headers: LOOPBACK });
    const validator = new HtmlValidate({ extends: ['html-validate:recommended', 'html-validate:a11y'] });
    const { results } = await validator.validateString(body);
    expect(
      results.flatMap(({ messages }) => messages.map(({ ruleId, message, line }) => `${ruleId}: ${message} at ${line}`)),
    ).toEqual([]);
    expect(body).not.toMatch(/<style|<script(?![^>]*\bsrc=)|\bstyle=|\bon\w+=|https?:/i);
    const policy = headers['content-security-policy'] as string;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': expect.stringMatching(/^(?:no-referrer|same-origin)$/) as string,
      'x-frame-options': 'DENY',
    });
  });

  test('text of the system is text', async () => {
    const app = await open();
    expect((await app.inject({ url: '/', headers: LOOPBACK })).body).toContain('folder &lt;b&gt;data&lt;/b&gt;');
  });

  test('the report may use the one style sheet that stands in it, and nothing else', async () => {
    const app = await open();
    const { body, headers } = await app.inject({ url: '/report', headers: LOOPBACK });
    const style = /<style>([^]*)<\/style>/.exec(body)![1]!;
    const hash = createHash('sha256').update(style, 'utf8').digest('base64');
    expect(headers['content-security-policy']).toContain(`style-src 'sha256-${hash}'`);
    expect(headers['content-security-policy']).not.toMatch(/script-src|unsafe/);
  });

  test('who asks for this machine by another name is no reader of it', async () => {
    const app = await open();
    for (const url of [
      '/',
      '/report',
      '/alarms',
      '/programs',
      '/accesses/1-7',
      '/live/events',
      '/live/accesses/1-7',
      '/console.mjs',
    ])
      expect((await app.inject({ url, headers: { host: 'rebound.example:7077' } })).statusCode).toBe(403);
  });

  test('a page from elsewhere cannot ask in its visitor’s name; a link from there leads in', async () => {
    const app = await open();
    const foreign = { ...LOOPBACK, 'sec-fetch-site': 'cross-site' };
    expect((await app.inject({ url: '/live/accesses/1-7', headers: foreign })).statusCode).toBe(403);
    expect((await app.inject({ url: '/live/events', headers: foreign })).statusCode).toBe(403);
    // As an image or a frame.
    expect((await app.inject({ url: '/report', headers: { ...foreign, 'sec-fetch-mode': 'no-cors' } })).statusCode).toBe(403);
    const led = { ...foreign, 'sec-fetch-mode': 'navigate' };
    for (const url of ['/', '/alarms', '/programs?id=wx1', '/accesses/1-7'])
      expect((await app.inject({ url, headers: led })).statusCode).toBe(200);
    // What no link is for: frames of somebody else's page would take every place.
    for (const url of ['/live/accesses/1-7', '/live/events'])
      expect((await app.inject({ url, headers: led })).statusCode).toBe(403);
  });

  test('bound to an address of others, only metrics and health are there for everybody', async () => {
    const app = await open('10.1.2.3');
    const headers = { host: '10.1.2.3:7077' };
    for (const url of [
      '/',
      '/report',
      '/guides',
      '/guides/gateway',
      '/alarms',
      '/programs',
      '/programs?id=wx1',
      '/accesses/1-7',
      '/live/accesses/1-7',
      '/live/events',
      '/console.mjs',
      '/console.css',
    ]) {
      const answer = await app.inject({ url, headers });
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('Basic');
    }
    for (const url of ['/metrics', '/health']) expect((await app.inject({ url, headers })).statusCode).toBe(200);
    expect((await app.inject({ url: '/', headers: { ...headers, authorization: `Bearer ${TOKEN}` } })).statusCode).toBe(200);
    const basic = `Basic ${Buffer.from(`me:${TOKEN}`).toString('base64')}`;
    expect((await app.inject({ url: '/', headers: { ...headers, authorization: basic } })).statusCode).toBe(200);
  });

  test('a browser asks for the token when it goes to a page, and not in the midst of one that is open', async () => {
    const app = await open('10.1.2.3');
    const asked = async (url: string, mode: string): Promise<boolean> => {
      const answer = await app.inject({ url, headers: { host: '10.1.2.3:7077', 'sec-fetch-mode': mode } });
      expect(answer.statusCode).toBe(401);
      return 'www-authenticate' in answer.headers;
    };
    expect(await asked('/', 'navigate')).toBe(true);
    expect(await asked('/live/accesses/1-7', 'navigate')).toBe(true);
    expect(await asked('/live/events', 'cors')).toBe(false);
    expect(await asked('/live/accesses/1-7', 'cors')).toBe(false);
  });

  test('an access is asked for by its place', async () => {
    const app = await open();
    const answer = async (id: string): Promise<number> =>
      (await app.inject({ url: `/live/accesses/${encodeURIComponent(id)}`, headers: LOOPBACK })).statusCode;
    expect(await answer('1-7')).toBe(200);
    expect(await answer('1-8')).toBe(404);
    expect(await answer('70000-1')).toBe(404);
    for (const bad of ['x', '1', '1-', '-1-2', '1-2-3', "1-2' OR 1", `1-${'9'.repeat(20)}`]) expect(await answer(bad)).toBe(400);
  });

  test('guides are read as text, and nothing but guides is', async () => {
    const app = await open();
    const list = (await app.inject({ url: '/guides', headers: LOOPBACK })).body;
    expect(list).toContain('<a href="/guides/gateway">');
    const guide = await app.inject({ url: '/guides/gateway', headers: LOOPBACK });
    expect(guide.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(guide.body).toMatch(/^# /);
    for (const url of ['/guides/../package.json', '/guides/%2e%2e%2fpackage', '/guides/nothing', '/guides/gateway.md'])
      expect((await app.inject({ url, headers: LOOPBACK })).statusCode).toBe(404);
  });

  test('nothing can be changed here', async () => {
    const app = await open();
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const)
      for (const url of ['/', '/report', '/alarms', '/programs', '/accesses/1-7', '/live/accesses/1-7'])
        expect((await app.inject({ method, url, headers: LOOPBACK })).statusCode).toBe(404);
  });

  test('whoever listens is told first which system it is, as the page of it knows', async () => {
    const app = await open();
    const reader = await follow(await server.start());
    const madeFor = /^retry: \d+\n\nevent: system\ndata: \{"madeFor":"([0-9a-f]{16})"\}\n/.exec(
      await readUntil(reader, 'madeFor'),
    )?.[1];
    expect((await app.inject({ url: '/', headers: LOOPBACK })).body).toContain(`data-made-for="${madeFor}"`);
  });

  test('with nobody looking nothing is asked, and however many look, once', async () => {
    await open();
    const url = await server.start();
    expect(source.asked.report).toBe(0);
    const readers = [];
    for (let i = 0; i < 10; i++) readers.push(await follow(url));
    for (const reader of readers) expect(await readUntil(reader, 'event: newest')).toContain('"title":"Nobody asked the user"');
    expect(source.asked.report).toBeLessThanOrEqual(2);
  });

  test('names that programs chose cannot make what the pages are told large', async () => {
    await open();
    const name = (i: number): string => `${i} ${'x'.repeat(1_000)}`;
    source.stored = {
      ...REPORT,
      byClass: Array.from({ length: 1_000 }, (_, i) => ({ class: name(i), attempts: 1, programs: 1 })),
      topPrograms: Array.from({ length: 10 }, (_, i) => ({ program: name(i), attempts: 1 })),
    };
    const reader = await follow(await server.start());
    const text = await readUntil(reader, 'event: newest');
    const told = JSON.parse(/event: report\ndata: (.*)/.exec(text)![1]!) as InterceptionReport;
    expect(told.byClass).toHaveLength(CLASSES_TOLD_MAX);
    expect(told.byClass[1]!.class).toBe(`${name(1).slice(0, 80)}…`);
    expect(told.topPrograms.map(({ program }) => program.length)).toEqual(Array(10).fill(81));
  });

  test('who asks for the head of the events is answered, and takes no place', async () => {
    await open();
    const url = await server.start();
    const asked = await fetch(`${url}/live/events`, { method: 'HEAD', signal: AbortSignal.timeout(5_000) });
    expect(asked.status).toBe(404);
    for (let i = 0; i < READERS_MAX; i++) expect((await follow(url)).statusCode).toBe(200);
  });

  test('one more reader than there is room for is told to come later', async () => {
    await open();
    const url = await server.start();
    for (let i = 0; i < READERS_MAX; i++) expect((await follow(url)).statusCode).toBe(200);
    const late = await follow(url);
    expect([late.statusCode, late.headers['retry-after']]).toEqual([503, '5']);
  });

  test('many who ask for the report at once get the same one', async () => {
    const app = await open();
    const answers = await Promise.all(Array.from({ length: 8 }, () => app.inject({ url: '/report', headers: LOOPBACK })));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(8).fill(200));
    await app.inject({ url: '/report', headers: LOOPBACK });
    expect(source.asked.certified).toBe(1);
  });

  test('a warehouse that is away is said without saying where it is, and the page goes on', async () => {
    await open();
    source.isAway = true;
    const url = await server.start();
    const reader = await follow(url);
    const text = await readUntil(reader, 'event: problem');
    expect(text).toContain('cannot be had right now');
    expect(text).not.toContain('10.1.2.3');
    expect(problems.at(-1)).toContain('10.1.2.3');
    const report = await fetch(`${url}/report`);
    expect(report.status).toBe(503);
    expect(await report.text()).not.toContain('10.1.2.3');
    source.isAway = false;
    expect(await readUntil(reader, '"message":""')).toContain('event: report');
    // What is over is told to nobody who comes later.
    const later = await readUntil(await follow(url), 'event: report');
    expect(later).not.toContain('cannot be had');
  });

  test('a server that stops does not wait for those who look', async () => {
    await open();
    const url = await server.start();
    const reader = await follow(url);
    const rest = readUntil(reader, NEVER_SENT);
    const began = performance.now();
    await server.stop();
    // Those that must be cut off are cut off after five seconds.
    expect(performance.now() - began).toBeLessThan(4_000);
    await rest;
    expect(reader.complete).toBe(true);
  });
});
