import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RECORD_TYPES, type RecordType, STAR_SUBJECT_TYPES } from '../../schemas/codes.ts';
import { cloudEventSchema } from '../../schemas/events/cloudevent.ts';
import { EVENT_DATA_SCHEMAS, eventSchema } from '../../schemas/events/index.ts';
import { keyidOf } from '../../schemas/public-key.ts';
import { isInstant } from '../../schemas/instant.ts';
import { parseRecord } from '../../services/domain/record/parse.ts';
import { INVALID_TIME, parseTimeUs } from '../../services/domain/record/time.ts';
import { EVENTS } from '../conformance/example.ts';
import { policyDocuments } from './policy-documents.ts';

/** What a field may be found to hold, right or wrong. */
const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    0,
    -0,
    1,
    -1,
    1.5,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53,
    true,
    false,
    [],
    {},
    ['a'],
    [null],
    [5],
  ),
  fc.constantFrom<unknown>('*', '__proto__', 'location', 'granted', 'default', 'expected', '2027-01-01T00:00:00Z', '2027-01-01'),
  fc.string({ unit: 'binary', minLength: 126, maxLength: 130 }),
);

const mostly = (right: fc.Arbitrary<unknown>, weight: number): fc.Arbitrary<unknown> =>
  fc.oneof({ weight, arbitrary: right }, { weight: 1, arbitrary: hostile });

/** An object whose fields are mostly right; each may also be absent, null or of the wrong kind. */
function optional(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> {
  const often = Object.fromEntries(Object.entries(fields).map(([name, right]) => [name, mostly(right, 12)]));
  return fc.record({ ...often, surprise: fc.constant(1) }, { requiredKeys: [] });
}

/** An object with `fields` always there, mostly right, and the rest as {@link optional}. */
function required(
  fields: Record<string, fc.Arbitrary<unknown>>,
  rest: Record<string, fc.Arbitrary<unknown>> = {},
): fc.Arbitrary<unknown> {
  const there = fc.record(Object.fromEntries(Object.entries(fields).map(([name, right]) => [name, mostly(right, 20)])));
  return fc.tuple(optional(rest), there).map(([others, some]) => ({ ...others, ...some }));
}

const text = fc.string({ unit: 'binary', maxLength: 4 });
const name = fc.constantFrom('location', 'x', '名');
const amount = fc.nat();
const listOf = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { maxLength: 2 });
const moment = fc.constantFrom('2027-01-01T00:00:00Z', '2027-06-30t23:59:60.5+08:00');
const ofRows = fc.oneof(text, fc.constantFrom('😀'.repeat(1024), 'x'.repeat(1025)));
const person = fc.oneof(fc.constant('u_1'), fc.string({ unit: 'binary', minLength: 1, maxLength: 128 }));

const entry = required(
  { category: name },
  { fields: listOf(text), background: fc.boolean(), maxBytesPerCall: amount, maxRowsPerCall: amount },
);
const purpose = required({ id: name, categories: listOf(entry) }, { text });
const link = required({ kind: fc.constantFrom('external', 'download', 'share') }, { host: text, reveals: listOf(text) });

const DATA: Readonly<Record<RecordType, fc.Arbitrary<unknown>>> = {
  'ntk.access': required(
    { user: person, api: name },
    {
      category: name,
      purpose: text,
      page: text,
      foreground: fc.boolean(),
      fields: listOf(text),
      rows: amount,
      bytes: amount,
      outcome: fc.constantFrom('pending', 'performed', 'refused'),
      link,
      durationMs: amount,
    },
  ),
  'ntk.declaration': required(
    { version: fc.integer({ min: 1, max: 9 }), purposes: listOf(purpose) },
    { developer: ofRows, name: text, class: ofRows, detected: listOf(text), linkHosts: listOf(text) },
  ),
  'ntk.entitlement': required({ category: name, granted: fc.boolean() }, { until: moment }),
  'ntk.consent': required(
    { user: person, state: fc.constantFrom('granted', 'withdrawn'), categories: listOf(text) },
    { declarationVersion: fc.integer({ min: 1 }), basis: fc.constantFrom('explicit', 'default') },
  ),
  'ntk.standing': required(
    { state: fc.constantFrom('active', 'under_review', 'suspended', 'banned') },
    { by: text, reason: text, until: moment },
  ),
  'ntk.policy': fc.oneof(
    policyDocuments,
    fc.tuple(policyDocuments, optional({ version: text })).map(([a, b]) => ({ ...a, ...b })),
  ),
  'ntk.review': required(
    { episode: text, disposition: fc.constantFrom('true_positive', 'false_positive', 'expected') },
    { by: text, note: text },
  ),
  'ntk.erasure': required({ user: person }),
  'ntk.prior': optional({ anything: text }),
  'ntk.heartbeat': required({ partition: amount }),
  'ntk.key': fc
    .tuple(
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64')),
      required({ state: fc.constantFrom('active', 'revoked') }, { types: listOf(text), by: text, reason: text }),
      fc.oneof({ weight: 9, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constant('0') }),
    )
    .map(([publicKey, rest, tail]) => ({ keyid: keyidOf(publicKey) + tail, publicKey, ...(rest as object) })),
};

function recordOf(type: RecordType, data: unknown): Record<string, unknown> {
  const subject = (STAR_SUBJECT_TYPES as readonly string[]).includes(type) ? '*' : 'wx1';
  return { specversion: '1.0', id: 'e1', source: 'host/a', type, subject, time: '2026-03-01T00:00:00Z', data };
}

/** Whether the fold's own reader takes the record, which comes as bytes to it. */
function isRead(json: string): boolean {
  const bytes = Buffer.from(json);
  return parseRecord(bytes, 0, bytes.length, 'mixed').type !== 'reject';
}

describe('the published formats and the reader of the fold agree', () => {
  test.each(RECORD_TYPES)('on any %s', (type) => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(fc.oneof({ weight: 20, arbitrary: DATA[type] }, { weight: 1, arbitrary: hostile }), (data) => {
        // Through JSON, as it will come: -0 and 0 are one there.
        const record = JSON.parse(JSON.stringify(recordOf(type, data))) as Record<string, unknown>;
        const accepted = eventSchema(type).safeParse(record).success;
        seen[accepted ? 'accepted' : 'refused']++;
        expect(accepted).toBe(isRead(JSON.stringify(record)));
        expect(EVENT_DATA_SCHEMAS[type].safeParse(record['data']).success).toBe(accepted);
      }),
      { numRuns: 300 },
    );
    expect(seen.accepted).toBeGreaterThan(30);
    expect(seen.refused).toBeGreaterThan(1);
  });

  test('on attributes', () => {
    const attribute = fc.oneof(
      { weight: 10, arbitrary: fc.constant('x') },
      { weight: 1, arbitrary: fc.constantFrom<unknown>('', null, 5, [], '*') },
    );
    const attributes = fc.record(
      {
        specversion: fc.constantFrom<unknown>('1.0', '1.0', '1.0', 1, '1.1', null),
        id: attribute,
        source: attribute,
        subject: attribute,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(attributes, fc.constantFrom<RecordType>('ntk.prior', 'ntk.review'), (some, type) => {
        const { subject: _, ...record } = recordOf(type, { episode: 'e', disposition: 'expected' });
        expect(eventSchema(type).safeParse({ ...record, ...some }).success).toBe(isRead(JSON.stringify({ ...record, ...some })));
      }),
      { numRuns: 500 },
    );
  });

  test('on every moment', () => {
    const digits = (n: number): fc.Arbitrary<string> =>
      fc.integer({ min: 0, max: 10 ** n - 1 }).map((value) => String(value).padStart(n, '0'));
    const parts = fc.tuple(
      fc.oneof(fc.constantFrom('1969', '1970', '2000', '2024', '2100', '2254', '2255'), digits(4)),
      fc.constantFrom('-', '-', '-', '/'),
      fc.oneof(fc.constantFrom('01', '02', '12'), digits(2)),
      fc.constant('-'),
      fc.oneof(fc.constantFrom('01', '28', '29', '30', '31'), digits(2)),
      fc.constantFrom('T', 't', 'T', ' '),
      fc.constantFrom('00', '23', '24', '12'),
      fc.constant(':'),
      fc.constantFrom('00', '59', '60'),
      fc.constant(':'),
      fc.constantFrom('00', '59', '60', '61'),
      fc.constantFrom('', '.5', '.', '.123456789', ',5'),
      fc.constantFrom('Z', 'z', '', '+00:00', '-00:00', '+23:59', '-23:59', '+24:00', '+0800', '+05:60', 'Z '),
    );
    fc.assert(
      fc.property(parts, (all) => {
        const time = all.join('');
        expect(isInstant(time)).toBe(parseTimeUs(time) !== INVALID_TIME);
      }),
      { numRuns: 5000 },
    );
  });
});

test('attributes are judged apart from the type and the data', () => {
  const record = recordOf('ntk.access', { user: '' });
  expect(cloudEventSchema.safeParse({ ...record, type: 'com.example.x' }).success).toBe(true);
  expect(cloudEventSchema.safeParse({ ...record, time: null }).success).toBe(false);
});

test('an access is read with its defaults and without its nulls', () => {
  const data = { user: 'u', api: 'wx.getLocation', rows: null, category: null, link: { kind: 'share', host: null }, surprise: 1 };
  expect(EVENT_DATA_SCHEMAS['ntk.access'].parse(data)).toEqual({
    user: 'u',
    api: 'wx.getLocation',
    foreground: true,
    rows: 1,
    bytes: 0,
    outcome: 'performed',
    link: { kind: 'share' },
  });
});

test('a user is counted in code points', () => {
  const isUser = (user: string): boolean => EVENT_DATA_SCHEMAS['ntk.erasure'].safeParse({ user }).success;
  expect(['', 'u', '😀'.repeat(128), '😀'.repeat(129), 'u'.repeat(129), 'u'.repeat(1_000_000)].map(isUser)).toEqual([
    false,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test.each(['developer', 'class'])('a %s, which stands in each row of its program, has at most 1,024 code points', (field) => {
  const names = ['', '😀'.repeat(1024), '😀'.repeat(1025), 'x'.repeat(1025), 'x'.repeat(900_000)];
  const records = names.map((name) => recordOf('ntk.declaration', { version: 1, purposes: [], [field]: name }));
  const expected = [true, true, false, false, false];
  expect(records.map((record) => eventSchema('ntk.declaration').safeParse(record).success)).toEqual(expected);
  expect(records.map((record) => isRead(JSON.stringify(record)))).toEqual(expected);
});

test('the worked example is accepted and refused record by record as the fold does', () => {
  let compared = 0;
  for (const line of EVENTS.toString('utf8')
    .replace(/^\ufeff/, '')
    .split('\n')) {
    let record: { type?: unknown };
    try {
      record = JSON.parse(line) as typeof record;
    } catch {
      continue;
    }
    const type = RECORD_TYPES.find((known) => known === record.type);
    // An escape that leaves a lone surrogate is refused before the value is looked at.
    if (type === undefined || line.includes('\\ud800')) continue;
    expect(eventSchema(type).safeParse(record).success).toBe(isRead(line));
    compared++;
  }
  expect(compared).toBeGreaterThan(6000);
});
