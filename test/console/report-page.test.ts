/** The report as a page: what it says, that it is valid HTML, and that no name in it can become markup. */
import fc from 'fast-check';
import { HtmlValidate } from 'html-validate';
import { describe, expect, test } from 'vitest';
import { REASONS } from '../../schemas/codes.ts';
import type { InterceptionReport } from '../../schemas/report/interceptions.ts';
import { filledIn } from '../../services/console/report/charts.ts';
import { reportPage } from '../../services/console/report/report-page.ts';
import { CERTIFIED_POLICIES_MAX, type Period, type ReportCertificate } from '../../services/domain/report/certificate.ts';

const DAY_MS = 86_400_000;
const MARCH_MS = Date.UTC(2026, 2, 1);

const REPORT: InterceptionReport = {
  from: '2026-03-01T00:00:00Z',
  to: '2026-04-01T00:00:00Z',
  asOf: '2026-04-02T10:11:12.345Z',
  settled: false,
  intercepted: { attempts: 3_252, programs: 2_392, users: 2_871, prevented: 2_454, alreadyRefused: 790, late: 8 },
  wouldHaveBeenIntercepted: { attempts: 17, programs: 4 },
  accesses: 1_000_000,
  byVerdict: { allow: 990_000, flag: 6_000, throttle: 748, intercept: 3_252 },
  byReason: [
    { reason: 'undeclared_category', attempts: 3_000, programs: 2_300 },
    { reason: 'consent_withdrawn', attempts: 600, programs: 301 },
  ],
  byCategory: [
    { category: 'location', attempts: 3_000, programs: 2_300 },
    { category: 'contacts_write', attempts: 252, programs: 92 },
  ],
  byClass: [{ class: 'food-delivery', attempts: 3_252, programs: 2_392 }],
  topPrograms: [{ program: 'wx1', attempts: 41 }],
  quality: { recordsRead: 1_000_700, duplicates: 400, rejected: 12, rowsStored: 1_000_000, unwritten: 0, complete: true },
};

const CERTIFICATE: ReportCertificate = {
  logId: '63669782-c55f-4976-945b-128975d28944',
  engines: [2],
  partitions: [
    {
      partition: 3,
      first: 0,
      next: 3_699,
      blocks: 7,
      gaps: 0,
      accesses: 3_019,
      rowsHash: 'ab'.repeat(32),
      entryHash: 'cd'.repeat(32),
    },
  ],
  policies: [
    {
      hash: '99ced69bc22c29e0',
      published: { version: '2026-03-01.1', by: 'ana', at: '2026-03-01T00:00:01.000Z' },
      accesses: 1_619,
      firstArrival: '2026-03-01T00:00:02.000Z',
      lastArrival: '2026-03-31T23:00:00.000Z',
    },
  ],
  span: { firstMs: MARCH_MS + 1_000, lastMs: MARCH_MS + 30 * DAY_MS },
  simulated: 0,
  timeline: {
    period: 'day',
    counts: [
      { startMs: MARCH_MS, accesses: 90, intercepted: 40, wouldHave: 2 },
      { startMs: MARCH_MS + 9 * DAY_MS, accesses: 80, intercepted: 12, wouldHave: 0 },
    ],
  },
};

function page(report: Partial<InterceptionReport> = {}, certificate: Partial<ReportCertificate> = {}): string {
  return reportPage({
    report: { ...REPORT, ...report },
    certificate: { ...CERTIFICATE, ...certificate },
    version: '0.1.0 (engine 2)',
  });
}

/** What stands between the tags. */
function textOf(markup: string): string {
  return markup
    .replace(/<style>[^]*?<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

const validator = new HtmlValidate({
  extends: ['html-validate:recommended', 'html-validate:a11y'],
  rules: {
    // Titles carry the figures of the headline.
    'long-title': 'off',
  },
});

async function problemsOf(markup: string): Promise<string[]> {
  const { results } = await validator.validateString(markup);
  return results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message, line, column }) => `${ruleId}: ${message} at ${line}:${column}`),
  );
}

describe('the report as a page', () => {
  test('begins with the headline, and says how certain it is', () => {
    const text = textOf(page());
    expect(text).toContain(
      'Accesses from 2026-03-01 00:00:00 UTC up to 2026-04-01 00:00:00 UTC 3,252 attempts intercepted, by 2,392 programs of 1,000,000 accesses',
    );
    expect(text).toContain(
      'Preliminary Complete Prevented 2,454 Already refused 790 Late 8 Users concerned 2,871 Would have been intercepted 17',
    );
  });

  test('says reasons and kinds of data in words, with their figures', () => {
    const text = textOf(page());
    expect(text).toContain(
      'Data that was not declared undeclared_category The declaration of this program lists this kind of data under none of its purposes. 3,000 2,300',
    );
    expect(text).toContain('adding contacts 252 92');
    expect(text).toContain('food-delivery 3,252 2,392');
    expect(text).toContain('wx1 41');
  });

  test('says what its words mean and how it was counted', () => {
    const text = textOf(page());
    for (const term of ['Attempt', 'Intercepted', 'Prevented', 'Already refused', 'Late', 'Would have been intercepted'])
      expect(text).toContain(`${term} `);
    expect(text).toContain('How it was counted');
    expect(text).toContain('Figures are settled when nothing can arrive for the period any more');
  });

  test('ends with what it rests on: log, engine, ranges, hashes and policies', () => {
    const text = textOf(page());
    for (const said of [
      '63669782-c55f-4976-945b-128975d28944',
      'Engine version 2',
      'Duplicates recognised 400',
      `3 0 up to 3,699 7 3,019 ${'ab'.repeat(32)} ${'cd'.repeat(32)}`,
      '99ced69bc22c29e0 2026-03-01.1 2026-03-01 00:00:01 UTC by ana 2026-03-01 00:00:02 UTC to 2026-03-31 23:00:00 UTC 1,619',
      'Made by Need to Know 0.1.0 (engine 2) at 2026-04-02 10:11:12 UTC',
    ])
      expect(text).toContain(said);
  });

  test('names what was lost, and who accepted it', () => {
    const gap = {
      partition: 1,
      from: 5,
      to: 9,
      stateFrom: 5,
      stateTo: 9,
      acceptedAt: '2026-03-05T00:00:00.000Z',
      by: 'ana',
      reason: 'disk died',
      arrivedAfter: '2026-03-04T00:00:00.000Z',
      arrivedBefore: null,
    };
    const text = textOf(page({ quality: { ...REPORT.quality, complete: false, gaps: [gap] } }));
    expect(text).toContain('Preliminary Not complete');
    expect(text).toContain(
      'Partition 1, places 5 to 9: these records were lost and accepted as lost by ana at 2026-03-05 00:00:00 UTC (“disk died”)',
    );
    expect(text).not.toContain('none was given up as lost');
  });

  test('stands by itself: no script, no address, nothing to load', () => {
    expect(page()).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|\bhref=|url\(|@import|https?:/i);
  });

  test('prints on A4', () => {
    expect(page()).toMatch(/@page \{ size: A4;/);
    expect(page()).toContain('@media print');
  });

  test('is valid HTML, also of a log in which nothing was intercepted', async () => {
    expect(await problemsOf(page())).toEqual([]);
    const empty = page(
      { byReason: [], byCategory: [], byClass: [], topPrograms: [] },
      { partitions: [], policies: [], span: null, simulated: 0, engines: [], timeline: { period: 'minute', counts: [] } },
    );
    expect(await problemsOf(empty)).toEqual([]);
  });

  test('says how many accesses the policies that are not listed have judged', () => {
    const [one] = CERTIFICATE.policies;
    const policies = Array.from({ length: CERTIFIED_POLICIES_MAX }, () => ({ ...one!, accesses: 10 }));
    const text = (listed: typeof policies, accesses: number): string => textOf(page({ accesses }, { policies: listed }));
    expect(text(policies, 1_007)).toContain('7 more accesses were judged by policies that came after these 100.');
    expect(text(policies, 1_000)).not.toContain('came after these');
    expect(text(policies.slice(1), 1_007)).not.toContain('came after these');
  });

  test('every reason has words of its own', () => {
    const text = textOf(page({ byReason: REASONS.map((reason) => ({ reason, attempts: 1, programs: 1 })) }));
    expect(text).not.toContain('This release does not know the reason.');
  });

  const hostile = fc.oneof(
    fc.constantFrom(
      '<script>alert(1)</script>',
      '"><img src=x onerror=alert(1)>',
      "' onmouseover='alert(1)",
      '</style><script>',
      '&lt;b&gt;',
      '\u202Egnp.exe',
      'a\u0000b\u001b[31m',
      '\ud800',
      '{{7*7}}${7*7}',
    ),
    fc.string({ unit: 'binary', maxLength: 60 }),
  );

  test('no name of others becomes markup, whatever is in it', () => {
    const tagsOf = (markup: string): string[] => markup.match(/<\/?[a-z][^>]*>/gi) ?? [];
    const shape = (markup: string): string[] => tagsOf(markup).map((tag) => tag.replace(/"[^"]*"/g, '""'));
    const withName = (name: string): string =>
      page(
        {
          byReason: [{ reason: name, attempts: 1, programs: 1 }],
          byCategory: [{ category: name, attempts: 1, programs: 1 }],
          byClass: [{ class: name, attempts: 1, programs: 1 }],
          topPrograms: [{ program: name, attempts: 1 }],
        },
        {
          policies: [
            { ...CERTIFICATE.policies[0]!, published: { version: name, by: `x${name}`, at: '2026-03-01T00:00:01.000Z' } },
          ],
        },
      );
    const plain = shape(withName('plain'));
    fc.assert(
      fc.property(hostile, (name) => {
        const markup = withName(name);
        expect(shape(markup)).toEqual(plain);
        // Nothing that hides or turns text is left either.
        expect(markup.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(markup.isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('the chart over time', () => {
  const PERIODS: readonly (readonly [Period, string, string, number])[] = [
    ['minute', '2026-03-01T08:00Z', '2026-03-01T08:59Z', 60],
    ['hour', '2026-03-01T08:00Z', '2026-03-02T08:00Z', 25],
    ['day', '2026-02-27T00:00Z', '2026-03-02T00:00Z', 4],
    ['week', '2026-02-23T00:00Z', '2026-03-09T00:00Z', 3],
    ['month', '2025-11-01T00:00Z', '2026-02-01T00:00Z', 4],
    ['year', '2019-01-01T00:00Z', '2026-01-01T00:00Z', 8],
  ];

  test.each(PERIODS)('has a bar for each %s, also for those without any access', (period, first, last, bars) => {
    const counts = [first, last].map((time) => ({ startMs: Date.parse(time), accesses: 1, intercepted: 1, wouldHave: 0 }));
    const filled = filledIn({ period, counts });
    expect(filled).toHaveLength(bars);
    expect(filled[0]).toEqual(counts[0]);
    expect(filled.at(-1)).toEqual(counts[1]);
  });

  test('shows the newest when clocks far off would fill centuries', () => {
    const counts = [Date.UTC(1970, 0), Date.UTC(2254, 0)].map((startMs) => ({
      startMs,
      accesses: 1,
      intercepted: 1,
      wouldHave: 0,
    }));
    const filled = filledIn({ period: 'year', counts });
    expect(filled).toHaveLength(64);
    expect(filled.at(-1)!.startMs).toBe(Date.UTC(2254, 0));
    expect(textOf(page({}, { timeline: { period: 'year', counts } }))).toContain(
      '1 attempt before 2191 counted, and not drawn here.',
    );
    expect(textOf(page({}, { timeline: { period: 'year', counts: counts.slice(1) } }))).not.toContain('not drawn');
  });
});
