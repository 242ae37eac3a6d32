/** Pages for whoever reviews: alarms, programs, single accesses. Everybody who may look may look; to conclude takes the token. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DISPOSITIONS } from '../../../schemas/codes.ts';
import { REVIEW_WORDS_CHARS_MAX } from '../../domain/review/conclusions.ts';
import type { Clock } from '../../platform/clock.ts';
import { Turnstile } from '../../platform/turnstile.ts';
import type { Conclusion, ConsoleSource } from '../console-source.ts';
import { accessPage } from '../review/access-page.ts';
import { alarmsPage } from '../review/alarms-page.ts';
import { programPage } from '../review/program-page.ts';
import { programsPage, unknownProgramPage } from '../review/programs-page.ts';
import { answered, isPartition, openedAt, placeIn } from './answers.ts';
import { DATA_HEADERS, FORM_HEADERS, PAGE_HEADERS } from './headers.ts';
import { OnceAWhile } from './once-a-while.ts';
import { visitorName, Visitors } from './visitor.ts';

const KEEP_MS = 5_000;
/** Each asks a question over all that is stored: one after the other, and no more than these wait. */
const WAITING_MAX = 16;

interface ReviewPagesOptions {
  readonly source: ConsoleSource;
  readonly clock: Clock;
  /** Whoever changes something needs it, on this machine, too. */
  readonly token: string;
}

export const REVIEW_PAGES = ['/alarms', '/programs', '/accesses/:id'] as const;

export function registerReview(scope: FastifyInstance, options: ReviewPagesOptions): void {
  const { source, clock } = options;
  const { about } = source;
  const alarms = [false, true].map(
    (isOpen) => new OnceAWhile(async () => alarmsPage(about, await source.alarms(isOpen), isOpen), KEEP_MS, clock),
  );
  scope.get('/alarms', async (request, reply) => {
    const { open } = request.query as { open?: unknown };
    return answered(reply, async () => html(reply, await alarms[open === '1' ? 1 : 0]!.get(), FORM_HEADERS));
  });
  registerConclude(scope, options, () => {
    for (const one of alarms) one.forget();
  });

  const list = new OnceAWhile(async () => programsPage(about, await source.programs()), KEEP_MS, clock);
  const oneByOne = new Turnstile(1);
  let waiting = 0;
  scope.get('/programs', async (request, reply) => {
    const { id } = request.query as { id?: unknown };
    if (id === undefined) return answered(reply, async () => html(reply, await list.get(), FORM_HEADERS));
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
          ? html(reply.code(404), unknownProgramPage(about, id), FORM_HEADERS)
          : html(reply, programPage(about, found), FORM_HEADERS);
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

/** A name, three words and a note. */
const FORM_BYTES_MAX = 16 * 1024;

/** What somebody concludes about an alarm, sent by the form beside it. @param onConcluded what was made of the alarms is out of date */
function registerConclude(scope: FastifyInstance, { source, token }: ReviewPagesOptions, onConcluded: () => void): void {
  const reviewers = new Visitors(token);
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_BYTES_MAX },
    (_, body, done) => done(null, new URLSearchParams(body as string)),
  );
  scope.post('/alarms/:id/review', {
    onRequest: async (request, reply) => {
      const refusal = reviewers.refusal(request.headers, false);
      if (refusal === null) return;
      if (refusal.code === 401)
        reply.header('www-authenticate', 'Basic realm="Need to Know, reviewers: your name, and the token", charset="UTF-8"');
      return reply.code(refusal.code).headers(DATA_HEADERS).send({ error: refusal.error });
    },
    handler: async (request, reply) => {
      const asked = wordIn(request);
      if (typeof asked === 'string') return reply.code(400).headers(DATA_HEADERS).send({ error: asked });
      return answered(reply, async () => {
        const alarm = await source.conclude(asked);
        if (alarm === null)
          return reply.code(404).headers(DATA_HEADERS).send({ error: 'no alarm has a result there; see /alarms' });
        onConcluded();
        return reply.headers(DATA_HEADERS).redirect(`/alarms#alarm-${alarm}`, 303);
      });
    },
  });
}

/** Or what is wrong with it. */
function wordIn({ params, body, headers }: FastifyRequest): Conclusion | string {
  const place = placeIn(params);
  if (place === null || !isPartition(place.partition)) return 'an alarm is concluded at /alarms/PARTITION-OFFSET/review';
  if (!(body instanceof URLSearchParams)) return 'what is concluded comes as a form: disposition, note, by';
  const disposition = DISPOSITIONS.find((known) => known === body.get('disposition'));
  if (disposition === undefined) return `disposition is one of ${DISPOSITIONS.join(', ')}`;
  const by = visitorName(headers) || (body.get('by') ?? '');
  if (by === '') return 'say who concludes it: sign in with your name, and the token as the password';
  const note = body.get('note') ?? '';
  for (const [name, text] of Object.entries({ by, note }))
    if (text.length > REVIEW_WORDS_CHARS_MAX) return `${name} has more than ${REVIEW_WORDS_CHARS_MAX} characters`;
  return { ...place, disposition, by, note };
}

function html(reply: FastifyReply, page: string, headers: Readonly<Record<string, string>> = PAGE_HEADERS): FastifyReply {
  return reply.headers(headers).type('text/html; charset=utf-8').send(page);
}
