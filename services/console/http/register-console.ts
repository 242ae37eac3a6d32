/**
 * The pages for people, all of them reading only: the live page and what it asks, the report, the guides. Nothing that is served here
 * names a user.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../platform/clock.ts';
import { isLoopbackAddress } from '../../platform/http/loopback.ts';
import type { ConsoleSource } from '../console-source.ts';
import type { LivePage } from '../live/live-page.ts';
import { consolePage, guidesPage } from '../page/console-page.ts';
import { reportPage } from '../report/report-page.ts';
import { answered, openedAt, placeIn } from './answers.ts';
import { readGuides } from './guides.ts';
import { DATA_HEADERS, PAGE_HEADERS, REPORT_HEADERS } from './headers.ts';
import { OnceAWhile } from './once-a-while.ts';
import { registerReview, REVIEW_PAGES } from './register-review.ts';
import { Visitors } from './visitor.ts';

interface ConsoleOptions {
  readonly source: ConsoleSource;
  readonly live: LivePage;
  readonly clock: Clock;
  /** Where the server listens; to others than this machine the token is needed. */
  readonly host: string;
  readonly token: string;
  /** With the guides. */
  readonly docsFolder: string;
}

const REPORT_KEEP_MS = 10_000;
const PAGE_FOLDER = join(import.meta.dirname, '../page');
/** Files of the page as they are, by their address. */
const FILES = [
  ['/console.css', 'console.css', 'text/css; charset=utf-8'],
  ['/console.mjs', 'console.mjs', 'text/javascript; charset=utf-8'],
  ['/newest.mjs', 'newest.mjs', 'text/javascript; charset=utf-8'],
  ['/icon.svg', 'icon.svg', 'image/svg+xml'],
] as const;

export async function registerConsole(app: FastifyInstance, options: ConsoleOptions): Promise<void> {
  const { host, token } = options;
  const visitors = new Visitors(isLoopbackAddress(host) ? null : token);
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      const refusal = visitors.refusal(request.headers, isPage(request));
      if (refusal === null) return;
      reply.headers(DATA_HEADERS);
      if (refusal.code === 401 && !isOfAPage(request))
        reply.header('www-authenticate', 'Basic realm="Need to Know", charset="UTF-8"');
      return reply.code(refusal.code).send({ error: refusal.error });
    });
    registerPages(scope, options);
    registerReview(scope, options);
    registerLive(scope, options);
  });
}

const PAGES: ReadonlySet<string> = new Set(['/', '/report', '/guides', '/guides/*', ...REVIEW_PAGES]);

function isPage(request: FastifyRequest): boolean {
  return PAGES.has(request.routeOptions.url ?? '') && request.headers['sec-fetch-mode'] === 'navigate';
}

/** What an open page asks for: its browser would ask for the token in the midst of it, and again each time that the page tries again. */
function isOfAPage({ headers }: FastifyRequest): boolean {
  const mode = headers['sec-fetch-mode'];
  return mode !== undefined && mode !== 'navigate';
}

function registerPages(scope: FastifyInstance, { source, docsFolder, clock }: ConsoleOptions): void {
  const { about } = source;
  const html = (reply: FastifyReply, headers: Readonly<Record<string, string>>, page: string): FastifyReply =>
    reply.headers(headers).type('text/html; charset=utf-8').send(page);
  const guides = readGuides(docsFolder);
  const live = consolePage(about);
  scope.get('/', async (_, reply) => html(reply, PAGE_HEADERS, live));
  for (const [url, file, type] of FILES) {
    const content = readFileSync(join(PAGE_FOLDER, file));
    scope.get(url, async (_, reply) => reply.headers(DATA_HEADERS).type(type).send(content));
  }
  const report = new OnceAWhile(
    async () => reportPage({ ...(await source.certified()), version: about.version }),
    REPORT_KEEP_MS,
    clock,
  );
  scope.get('/report', async (_, reply) => answered(reply, async () => html(reply, REPORT_HEADERS, await report.get())));
  scope.get('/guides', async (_, reply) => html(reply, PAGE_HEADERS, guidesPage(guides)));
  scope.get('/guides/*', async (request, reply) => {
    const { '*': name } = request.params as { '*': string };
    const guide = guides.find((one) => one.name === name);
    if (guide === undefined) return reply.code(404).headers(DATA_HEADERS).send({ error: 'there is no such guide; see /guides' });
    return reply.headers(DATA_HEADERS).type('text/plain; charset=utf-8').send(guide.text);
  });
}

function registerLive(scope: FastifyInstance, { source, live }: ConsoleOptions): void {
  // Who asks for the head would be told nothing, and hold a place.
  scope.get('/live/events', { exposeHeadRoute: false }, async (_, reply) => {
    if (live.stream.isFull)
      return reply
        .code(503)
        .headers({ ...DATA_HEADERS, 'retry-after': '5' })
        .send({ error: 'as many pages are open as may be; close one' });
    reply.hijack();
    live.stream.add(reply.raw, DATA_HEADERS);
    return reply;
  });
  scope.get('/live/accesses/:id', async (request, reply) => {
    reply.headers(DATA_HEADERS);
    const place = placeIn(request.params);
    if (place === null) return reply.code(400).send({ error: 'an access is asked for as PARTITION-OFFSET' });
    return answered(reply, async () => {
      const opened = await openedAt(source, place);
      return opened === null ? reply.code(404).send({ error: 'no stored access lies there' }) : reply.send(opened);
    });
  });
  // Before the server waits for connections to end: these would not by themselves.
  scope.addHook('preClose', async () => live.stop());
}
