/** Pages for whoever reviews: alarms, programs, single accesses. They read only; what was concluded is said on the command line. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Clock } from '../../platform/clock.ts';
import { Turnstile } from '../../platform/turnstile.ts';
import type { ConsoleSource } from '../console-source.ts';
import { accessPage } from '../review/access-page.ts';
import { alarmsPage } from '../review/alarms-page.ts';
import { programPage } from '../review/program-page.ts';
import { programsPage, unknownProgramPage } from '../review/programs-page.ts';
import { openedAt, placeIn, unavailable } from './answers.ts';
import { DATA_HEADERS, PAGE_HEADERS, SEARCH_HEADERS } from './headers.ts';
import { OnceAWhile } from './once-a-while.ts';

const KEEP_MS = 5_000;
/** Each asks a question over all that is stored: one after the other, and no more than these wait. */
const WAITING_MAX = 16;

interface ReviewPagesOptions {
  readonly source: ConsoleSource;
  readonly clock: Clock;
}

export const REVIEW_PAGES = ['/alarms', '/programs', '/accesses/:id'] as const;

export function registerReview(scope: FastifyInstance, { source, clock }: ReviewPagesOptions): void {
  const { about } = source;
  const alarms = [false, true].map(
    (isOpen) => new OnceAWhile(async () => alarmsPage(about, await source.alarms(isOpen), isOpen), KEEP_MS, clock),
  );
  scope.get('/alarms', async (request, reply) => {
    const { open } = request.query as { open?: unknown };
    return answered(reply, async () => html(reply, await alarms[open === '1' ? 1 : 0]!.get()));
  });

  const list = new OnceAWhile(async () => programsPage(about, await source.programs()), KEEP_MS, clock);
  const oneByOne = new Turnstile(1);
  let waiting = 0;
  scope.get('/programs', async (request, reply) => {
    const { id } = request.query as { id?: unknown };
    if (id === undefined) return answered(reply, async () => html(reply, await list.get(), SEARCH_HEADERS));
    if (typeof id !== 'string' || id === '')
      return reply.code(400).headers(DATA_HEADERS).send({ error: 'a program is asked for as /programs?id=PROGRAM' });
    if (waiting >= WAITING_MAX)
      return reply
        .code(503)
        .headers({ ...DATA_HEADERS, 'retry-after': '5' })
        .send({ error: 'too many programs are looked up at once; try again' });
    waiting++;
    try {
      return await answered(reply, async () => {
        const found = await oneByOne.inside(async () => source.program(id));
        return found === null
          ? html(reply.code(404), unknownProgramPage(about, id), SEARCH_HEADERS)
          : html(reply, programPage(about, found));
      });
    } finally {
      waiting--;
    }
  });

  scope.get('/accesses/:id', async (request, reply) => {
    const place = placeIn(request.params);
    if (place === null)
      return reply.code(400).headers(DATA_HEADERS).send({ error: 'an access is asked for as /accesses/PARTITION-OFFSET' });
    return answered(reply, async () => {
      const opened = await openedAt(source, place);
      return opened === null
        ? reply.code(404).headers(DATA_HEADERS).send({ error: 'no stored access lies there' })
        : html(reply, accessPage(about, opened));
    });
  });
}

function html(reply: FastifyReply, page: string, headers: Readonly<Record<string, string>> = PAGE_HEADERS): FastifyReply {
  return reply.headers(headers).type('text/html; charset=utf-8').send(page);
}

async function answered(reply: FastifyReply, make: () => Promise<FastifyReply>): Promise<FastifyReply> {
  try {
    return await make();
  } catch (error) {
    return unavailable(reply, error);
  }
}
