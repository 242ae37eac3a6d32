/** The pages for reviewers: what they say of known figures, that no name in them can become markup, and what many who ask cost. */
import fastify from 'fastify';
import fc from 'fast-check';
import { HtmlValidate } from 'html-validate';
import { beforeEach, describe, expect, test } from 'vitest';
import { registerReview } from '../../services/console/http/register-review.ts';
import { programAddress } from '../../services/console/review/addresses.ts';
import { accessPage } from '../../services/console/review/access-page.ts';
import { ALARMS_MAX, alarmsPage } from '../../services/console/review/alarms-page.ts';
import { hoursChart } from '../../services/console/review/hours-chart.ts';
import { programPage } from '../../services/console/review/program-page.ts';
import { programsPage, unknownProgramPage } from '../../services/console/review/programs-page.ts';
import { systemClock } from '../../services/platform/clock.ts';
import { hostileText } from '../platform/warehouse/hostile-rows.ts';
import { ALARM, KnownSource, OPENED, PAGE } from './known-source.ts';

const ABOUT = { version: '0.1.0', logId: 'a-log', simulated: 'never', dataIn: './data' } as const;
const HOUR_MS = 3_600_000;
const TOKEN = 'token-of-the-test';
const COUNTS = await new KnownSource().alarms(false);

/** As a person reads it: no markup, no runs of spaces. */
function textOf(page: string): string {
  return page
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .replaceAll(' ,', ',');
}

describe('the page of a program', () => {
  const text = textOf(programPage(ABOUT, PAGE));

  test('sets what is declared beside what is taken, both ways', () => {
    expect(text).toContain('location nearby also in the background 1,200 9 0 6 2026-03-01 02:00');
    expect(text).toContain('contacts not declared open to it until 2027-01-01 00:00:00 UTC 34 0 5 0');
    expect(text).toContain('camera scan open to it 0 0 0 0 never');
  });

  test('begins with who it is, whether it may run, and what was stopped', () => {
    expect(text).toContain('maps, of developer dev_1; version 3 of its declaration is in force');
    expect(text).toContain('Suspended until 2026-04-01 00:00:00 UTC');
    expect(text).toContain('Intercepted 5 2 prevented, 1 already refused, 2 late; 4 users');
    expect(textOf(programPage(ABOUT, { ...PAGE, facts: { declared: null, standing: null, entitlements: new Map() } }))).toContain(
      'No declaration of it is in force',
    );
  });

  test('ends with its alarms, and the newest attempts that were stopped', () => {
    expect(text).toContain('Far more users than usual, Called like clockwork');
    expect(text).toContain(ALARM.found);
    expect(programPage(ABOUT, PAGE)).toContain('<a href="/accesses/1-7"><time datetime="2026-03-01T02:00:00.000Z">');
  });
});

describe('the chart of hours', () => {
  const hours = [3, 0, 6, 1].map((value, i) => ({ startMs: i * HOUR_MS, value, usual: i === 0 ? null : 2 }));

  test('has a bar for each hour with an access, the highest one as high as the chart', () => {
    const { markup } = hoursChart('location', hours, []);
    const heights = [...markup.matchAll(/class="bar"[^>]* height="([\d.]+)"/g)].map(([, height]) => Number(height));
    expect(heights.map((height) => height / Math.max(...heights))).toEqual([0.5, 1, expect.closeTo(1 / 6, 2)]);
    expect(markup).toContain('aria-label="location: at most 6 in an hour, 1970-01-01 02:00 UTC"');
  });

  test('draws what is usual from where it is known on', () => {
    expect(/class="usual" d="([^"]*)"/.exec(hoursChart('location', hours, []).markup)![1]).toMatch(
      /^M304\.5,[\d.]+L507\.5,[\d.]+L710\.5,[\d.]+$/,
    );
  });

  test('has a band for each alarm in its time, of one that began before it for the rest of it, and for no other', () => {
    const bands = [
      { startMs: -5 * HOUR_MS, lastMs: HOUR_MS },
      { startMs: 3 * HOUR_MS, lastMs: 3 * HOUR_MS },
      { startMs: 4 * HOUR_MS, lastMs: 5 * HOUR_MS },
    ];
    const { markup } = hoursChart('location', hours, bands);
    expect([...markup.matchAll(/class="band" x="([\d.]+)"[^>]* width="([\d.]+)"/g)].map(([, x, width]) => [x, width])).toEqual([
      ['0', '203'],
      ['609', '4'],
    ]);
    expect(markup).toContain('; 2 alarms in this time');
  });

  test('stays inside its frame whatever comes', () => {
    const hour = fc.record({ value: fc.double({ min: 0, max: 1e15, noNaN: true }), usual: fc.option(fc.nat()) });
    const band = fc
      .tuple(fc.integer({ min: -999, max: 999 }), fc.nat(999))
      .map(([at, long]) => ({ startMs: at * HOUR_MS, lastMs: (at + long) * HOUR_MS }));
    fc.assert(
      fc.property(fc.array(hour, { minLength: 1, maxLength: 200 }), fc.array(band, { maxLength: 5 }), (values, bands) => {
        const { markup } = hoursChart(
          'x',
          values.map((one, i) => ({ startMs: i * HOUR_MS, ...one })),
          bands,
        );
        expect(markup).not.toMatch(/NaN|Infinity|="-/);
        for (const [, x, , width] of markup.matchAll(/<rect class="\w+" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/g))
          expect(Number(x) + Number(width)).toBeLessThanOrEqual(812.01);
      }),
    );
  });
});

describe('the page of alarms', () => {
  const word = {
    program: 'wx1',
    about: { partition: 1, offset: 5 },
    disposition: 'expected',
    by: 'anna',
    note: 'a sale',
    offset: 9,
  } as const;
  const reviewed = { ...ALARM, reviews: [{ ...word, appendedAtMs: 0, rowAtMs: 0 }] };

  test('says how many there are and how many of those that people looked at were false', () => {
    const text = textOf(alarmsPage(ABOUT, COUNTS, false));
    expect(text).toContain('2 alarms, 1 reviewed');
    expect(text).toContain('in 1,400 program-days');
    expect(text).toContain('95 %: 0 to 2.63; at most 0.714 with those not reviewed; the policy allows 1');
  });

  test('has with each what was seen, what the score is the sum of, what people said, and the command that concludes it', () => {
    const text = textOf(alarmsPage(ABOUT, { ...COUNTS, told: [reviewed] }, false));
    expect(text).toContain('from 2026-03-01 02:00:00 UTC to 2026-03-01 02:30:00 UTC; 3 results for location');
    expect(text).toContain(ALARM.found);
    expect(text).toContain('how many users are reached 7.0 the even intervals 1.5');
    expect(text).toContain('Expected by anna, 1970-01-01 00:00:00 UTC: a sale');
    expect(text).toContain('ntk review 1-5 true_positive|false_positive|expected');
    expect(alarmsPage(ABOUT, COUNTS, false)).toContain('href="/accesses/1-7"');
  });

  test('has the latest words about an alarm, however many there are', () => {
    const words = Array.from({ length: 1_000 }, (_, i) => ({ ...reviewed.reviews[0]!, note: `note ${1_000 - i}.` }));
    const text = textOf(alarmsPage(ABOUT, { ...COUNTS, told: [{ ...ALARM, reviews: words }] }, false));
    expect(text).toContain('note 996. And 995 earlier reviews.');
    expect(text).not.toContain('note 995.');
  });

  test('says so where there are none, and where there are more', () => {
    const none = { ...COUNTS, told: [] };
    expect(textOf(alarmsPage(ABOUT, none, true))).toContain('All of them are reviewed.');
    expect(textOf(alarmsPage(ABOUT, none, false))).toContain('None. What is ordinary');
    const many = { ...COUNTS, told: Array<typeof ALARM>(ALARMS_MAX).fill(ALARM) };
    expect(textOf(alarmsPage(ABOUT, many, false))).toContain(`the newest ${ALARMS_MAX}; ntk review list has all of them`);
  });
});

test('the page of an access says whether it was stopped, and nothing of that where nobody would have', () => {
  expect(textOf(accessPage(ABOUT, OPENED))).toContain('verdict in effect: intercept Late');
  expect(textOf(accessPage(ABOUT, { ...OPENED, verdict: 'allow', proposed: 'flag' }))).not.toMatch(/Late|Let pass/);
});

test('no name becomes markup, in text or in an attribute', async () => {
  const validator = new HtmlValidate({
    extends: ['html-validate:recommended', 'html-validate:a11y'],
    rules: { 'no-dup-id': 'off' },
  });
  await fc.assert(
    fc.asyncProperty(hostileText, async (name) => {
      const alarm = {
        ...ALARM,
        found: name,
        command: name,
        episode: { ...ALARM.episode, program: name, className: name, categories: [name] },
      };
      const declared = {
        version: 1,
        developer: name,
        className: name,
        kinds: [{ category: name, purposes: [name], isBackgroundAllowed: false }],
      };
      const page = {
        ...PAGE,
        program: name,
        alarms: [alarm],
        commands: [name],
        facts: { declared, standing: null, entitlements: new Map([[name, null]]) },
      };
      const listed = { program: name, className: name, accesses: 1, intercepted: 1, wouldHave: 0, unusual: 0, lastMs: 0 };
      for (const made of [
        programPage(ABOUT, page),
        programsPage(ABOUT, [listed]),
        unknownProgramPage(ABOUT, name),
        alarmsPage(ABOUT, { ...COUNTS, told: [alarm] }, false),
        accessPage(ABOUT, { ...OPENED, programId: name, command: name, facts: [{ name: 'API', value: name }] }),
      ]) {
        expect(made).not.toMatch(/<script|<img src=x|\son\w+="/i);
        const { results } = await validator.validateString(made);
        const broken = results.flatMap(({ messages }) =>
          messages.filter(({ ruleId }) => /parser|attr|close-order|raw/.test(ruleId)),
        );
        expect(broken).toEqual([]);
      }
    }),
    { numRuns: 30 },
  );
});

describe('over HTTP', () => {
  let source: KnownSource;
  beforeEach(() => {
    source = new KnownSource();
  });
  const scope = (): ReturnType<typeof fastify> => {
    const one = fastify();
    registerReview(one, { source, clock: systemClock, token: TOKEN });
    return one;
  };

  test('a program of any id is found by the link to it', async () => {
    await fc.assert(
      fc.asyncProperty(hostileText, async (program) => {
        const address = programAddress(program);
        if (address === null || program === '') return;
        source.page = { ...PAGE, program };
        const server = scope();
        expect((await server.inject({ url: address })).statusCode).toBe(200);
        await server.close();
      }),
      { numRuns: 50 },
    );
    expect(programAddress('x'.repeat(501))).toBeNull();
    expect(programAddress('\uD800')).toBeNull();
  });

  test('a program that nobody heard of is no server error, and is said as it was asked for', async () => {
    const answer = await scope().inject({ url: '/programs?id=%3Cb%3E' });
    expect(answer.statusCode).toBe(404);
    expect(answer.body).toContain('<code>&lt;b&gt;</code>');
    for (const url of ['/programs?id=', '/programs?id=a&id=b']) expect((await scope().inject({ url })).statusCode).toBe(400);
  });

  test('programs are looked up one at a time, and beyond sixteen who wait one is told to come later', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    source.programWaits = promise;
    const server = scope();
    // It is sent when somebody waits for it.
    const answers = Array.from({ length: 17 }, async () => await server.inject({ url: '/programs?id=wx1' }));
    const refused = await answers[16]!;
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '5']);
    expect(source.asked.program).toBe(1);
    resolve();
    expect((await Promise.all(answers.slice(0, 16))).map(({ statusCode }) => statusCode)).toEqual(Array(16).fill(200));
    expect(source.asked.program).toBe(16);
    expect((await server.inject({ url: '/programs?id=wx1' })).statusCode).toBe(200);
  });

  test('alarms and the list of programs are made once for all who ask', async () => {
    const server = scope();
    for (let i = 0; i < 5; i++) {
      await server.inject({ url: '/alarms' });
      await server.inject({ url: '/programs' });
      await server.inject({ url: '/alarms?open=1' });
    }
    expect(source.asked).toMatchObject({ alarms: 2, programs: 1 });
  });

  test('a warehouse that is away is said without saying where it is', async () => {
    source.isAway = true;
    const answer = await scope().inject({ url: '/programs?id=wx1' });
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5']);
    expect(answer.body).not.toContain('10.1.2.3');
  });

  describe('an alarm', () => {
    const basic = (name: string, token = TOKEN): string => `Basic ${Buffer.from(`${name}:${token}`).toString('base64')}`;
    const form = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();
    const sent = async (
      payload: string,
      headers: Readonly<Record<string, string>> = { authorization: basic('anna') },
      id = '1-5',
    ): Promise<Awaited<ReturnType<ReturnType<typeof fastify>['inject']>>> =>
      scope().inject({
        method: 'POST',
        url: `/alarms/${id}/review`,
        payload,
        headers: { 'content-type': 'application/x-www-form-urlencoded', host: '127.0.0.1', ...headers },
      });

    test('is concluded by who signs in with a name and the token, and is shown as it is then', async () => {
      const answer = await sent(form({ disposition: 'expected', note: 'a sale & <more>' }));
      expect([answer.statusCode, answer.headers.location]).toEqual([303, '/alarms#alarm-1-5']);
      expect(source.concluded).toEqual([
        { partition: 1, offset: 5, disposition: 'expected', by: 'anna', note: 'a sale & <more>' },
      ]);
      expect((await sent(form({ disposition: 'expected', by: 'ben' }), { authorization: `Bearer ${TOKEN}` })).statusCode).toBe(
        303,
      );
      expect(source.concluded[1]).toMatchObject({ by: 'ben', note: '' });
    });

    test('is made anew for whoever looks after a conclusion', async () => {
      const server = scope();
      const look = async (): Promise<number> => {
        await server.inject({ url: '/alarms' });
        return source.asked.alarms;
      };
      expect([await look(), await look()]).toEqual([1, 1]);
      await server.inject({
        method: 'POST',
        url: '/alarms/1-5/review',
        payload: form({ disposition: 'expected' }),
        headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: basic('anna') },
      });
      expect(await look()).toBe(2);
    });

    test('is not concluded without the token, nor by a page from elsewhere in the name of who has it', async () => {
      const word = form({ disposition: 'expected', by: 'eve' });
      const refused = await sent(word, {});
      expect([refused.statusCode, refused.headers['www-authenticate']]).toEqual([401, expect.stringContaining('Basic')]);
      expect((await sent(word, { authorization: basic('anna', 'guessed') })).statusCode).toBe(401);
      for (const foreign of [
        { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'http://evil.example' },
        { origin: 'null' },
      ])
        expect((await sent(word, { authorization: basic('anna'), ...foreign })).statusCode).toBe(403);
      expect(source.concluded).toEqual([]);
    });

    test('is concluded with words that are understood, or not at all', async () => {
      for (const [payload, message] of [
        [form({ disposition: 'maybe' }), /disposition is one of true_positive, false_positive, expected/],
        [form({}), /disposition is one of/],
        [form({ disposition: 'expected', note: 'x'.repeat(501) }), /note has more than 500 characters/],
      ] as const) {
        const answer = await sent(payload);
        expect([answer.statusCode, answer.body]).toEqual([400, expect.stringMatching(message)]);
      }
      const nobody = await sent(form({ disposition: 'expected' }), { authorization: basic('') });
      expect([nobody.statusCode, nobody.body]).toEqual([400, expect.stringContaining('say who concludes it')]);
      expect((await sent('x'.repeat(20_000))).statusCode).toBe(413);
      expect((await sent('{}', { authorization: basic('anna'), 'content-type': 'application/json' })).statusCode).toBe(400);
      expect((await sent(form({ disposition: 'expected' }), undefined, '70000-1')).statusCode).toBe(400);
      expect(source.concluded).toEqual([]);
      expect((await sent(form({ disposition: 'expected' }), undefined, '1-6')).statusCode).toBe(404);
    });
  });
});
