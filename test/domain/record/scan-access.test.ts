import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodingOf } from '../../../services/domain/record/json.ts';
import { parseGenerally, parseRecord } from '../../../services/domain/record/parse.ts';
import { type AccessRecord, type ParsedRecord, type Reject, TEXT } from '../../../services/domain/record/record.ts';
import { scanAccess } from '../../../services/domain/record/scan-access.ts';
import { EVENTS } from '../../conformance/example.ts';
import { HOSTILE_PROGRAMS, HOSTILE_USERS } from '../../reference/hostile-names.ts';
import { hostileJson } from '../../reference/hostile-text.ts';
import { Random } from '../../reference/random.ts';

const ORDINARY = {
  specversion: '1.0',
  id: 'access-1',
  source: 'host/wechat-ios',
  type: 'ntk.access',
  subject: 'wx0000000051ab0000',
  time: '2026-03-01T00:00:00.250Z',
  data: {
    user: 'u_0000002a',
    api: 'wx.getLocation',
    purpose: 'nearby-stores',
    page: 'pages/order/track',
    foreground: true,
    fields: ['latitude', 'longitude'],
    rows: 1,
    bytes: 48,
    outcome: 'performed',
  },
} as const;

/** A record whose neighbours are other records, as in a batch. */
function among(record: string, after = JSON.stringify(ORDINARY)): { bytes: Buffer; start: number; end: number } {
  const [before, own] = [Buffer.from(JSON.stringify(ORDINARY)), Buffer.from(record)];
  return { bytes: Buffer.concat([before, own, Buffer.from(after)]), start: before.length, end: before.length + own.length };
}

/** What the short way says is what the general way says, or nothing. Answers whether it said something. */
function agrees(record: string, after?: string): boolean {
  const { bytes, start, end } = among(record, after);
  const general = parseGenerally(bytes, start, end, encodingOf(bytes));
  expect(told(parseRecord(bytes, start, end, encodingOf(bytes)))).toEqual(told(general));
  const scanned = scanAccess(bytes, start, end);
  if (scanned === null) return false;
  expect(told(scanned)).toEqual(told(general));
  expect(textsOf(scanned)).toEqual(stringsOf(scanned));
  return true;
}

/** What a record says, without where it stands. */
function told(record: ParsedRecord | Reject): object {
  if (record.type !== 'ntk.access') return record;
  const { type, data, attributes } = record;
  const { id, source, subject, timeUs } = attributes;
  const { user, api, category, purpose, page, foreground, fields, rows, bytes, outcome, link, durationMs } = data;
  const access = { user, api, category, purpose, page, foreground, fields, rows, bytes, outcome, link, durationMs };
  return { type, data: access, attributes: { id, source, subject, timeUs } };
}

/** What stands at the places where the strings of a row are said to stand. */
function textsOf({ texts }: AccessRecord): string[] {
  const { bytes, places } = texts!;
  return Object.values(TEXT).map((which) => bytes.toString('latin1', places[2 * which], places[2 * which + 1]));
}

function stringsOf({ attributes: { id, source, subject }, data: { api, purpose, page, user } }: AccessRecord): string[] {
  const strings: Record<keyof typeof TEXT, string> = { id, source, subject, api, purpose, page, user };
  return Object.keys(TEXT).map((name) => strings[name as keyof typeof TEXT]);
}

const text = fc.oneof(
  fc.constantFrom(
    '',
    '*',
    'a',
    ']',
    '["a"]',
    '\\u0061',
    '"',
    'é',
    '\u007f',
    '\u0000',
    '__proto__',
    'x'.repeat(64),
    'y'.repeat(65),
  ),
  fc.constantFrom(...HOSTILE_USERS, ...HOSTILE_PROGRAMS),
  fc.string({ maxLength: 8 }),
);
const anything = fc.oneof(
  text,
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -0,
    1,
    -1,
    1.5,
    1e300,
    999_999_999_999_999,
    2 ** 53 - 1,
    2 ** 53,
    {},
    [],
    [[]],
    ['a', 1],
  ),
  fc.array(text, { maxLength: 3 }),
  fc.nat(),
);
const time = fc.oneof(
  fc.constantFrom('2026-03-01T00:00:00Z', '2026-03-01t00:00:60.1Z', '2026-03-01T00:00:00.1234567Z', '2026-02-29T00:00:00Z'),
  fc.constantFrom(
    '2026-03-01T00:00:00.Z',
    '2026-03-01T00:00:00z',
    '2254-12-31T23:59:60Z',
    '1969-12-31T23:59:59.999Z',
    '2026-03-01T08:00:00+08:00',
  ),
  fc.date({ min: new Date(0), max: new Date('2254-12-31'), noInvalidDate: true }).map((date) => date.toISOString()),
);
const part = <T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: anything });
const dataOf = {
  user: part(text),
  api: part(fc.constantFrom('wx.getLocation', 'getPhoneNumber')),
  category: part(fc.constantFrom('location', 'x')),
  purpose: part(text),
  page: part(text),
  foreground: part(fc.boolean()),
  fields: part(fc.array(text, { maxLength: 3 })),
  rows: part(fc.nat()),
  bytes: part(fc.nat()),
  outcome: part(fc.constantFrom('performed', 'pending', 'refused', 'perform', 'refuse')),
  durationMs: part(fc.nat()),
  link: part(fc.constant(null)),
  more: anything,
};
const data = fc.record(dataOf, { requiredKeys: ['user', 'api'], noNullPrototype: true });
const top = {
  specversion: part(fc.constant('1.0')),
  id: part(text),
  source: part(text),
  type: part(fc.constantFrom('ntk.access', 'ntk.access', 'ntk.access', 'ntk.consent', 'ntk.acces')),
  subject: part(text),
  time: part(time),
  data: fc.oneof({ weight: 20, arbitrary: data }, { weight: 1, arbitrary: anything }),
};
const event = fc.record(
  { ...top, datacontenttype: part(fc.constant('application/json')), more: anything },
  { requiredKeys: ['specversion', 'id', 'source', 'type', 'subject', 'time', 'data'], noNullPrototype: true },
);
/** Members in any order. */
function shuffled(value: object, order: number): object {
  const members = Object.entries(value);
  const from = order % Math.max(1, members.length);
  return Object.fromEntries([...members.slice(from), ...members.slice(0, from)]);
}

describe('the short way to an access', () => {
  it('is taken by an ordinary one, spaced or not, at whatever offset of time, and by one with all that it may have', () => {
    expect(agrees(JSON.stringify(ORDINARY))).toBe(true);
    expect(agrees(JSON.stringify(ORDINARY).replaceAll(/([,:])"/g, '$1 "'))).toBe(true);
    expect(agrees(JSON.stringify({ ...ORDINARY, time: '2026-03-01T08:00:00.25+08:00' }))).toBe(true);
    const full = {
      ...ORDINARY,
      datacontenttype: 'application/json',
      data: { ...ORDINARY.data, category: 'location', durationMs: 12 },
    };
    expect(agrees(JSON.stringify(full))).toBe(true);
  });

  it('says what the general way says, of whatever is sent', () => {
    fc.assert(
      fc.property(event, fc.nat(), (value, order) => {
        agrees(JSON.stringify(shuffled({ ...value, data: shuffled(Object(value.data), order) }, order)));
        agrees(JSON.stringify(value));
      }),
      { numRuns: 500 },
    );
  });

  it('says what the general way says, however it is written', () => {
    fc.assert(
      fc.property(event, fc.nat(), (value, seed) => {
        agrees(hostileJson(value, new Random(seed)));
      }),
      { numRuns: 500 },
    );
  });

  it('says the same of a record that ends as others before it did, whoever and whatever it begins with', () => {
    const begin = fc.record({ id: text, source: text, subject: text, user: fc.oneof(text, fc.constant('u'.repeat(129))) });
    fc.assert(
      fc.property(
        data,
        fc.array(begin, { minLength: 4, maxLength: 8 }),
        fc.constantFrom('', ' ', ',"user":"b"', ',"page":"c"'),
        (said, begins, more) => {
          const { user: _, ...rest } = said;
          const end = JSON.stringify(rest).slice(1, -1);
          for (const { user, ...attributes } of begins) {
            const { data: __, ...top } = { ...ORDINARY, ...attributes };
            agrees(`${JSON.stringify(top).slice(0, -1)},"data":{"user":${JSON.stringify(user)},${end}${more}}}`);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('says the same of records whose ends are longer than what is kept, between others that are kept', () => {
    const length = fc.oneof(fc.nat(16), fc.integer({ min: 60, max: 180 }), fc.constantFrom(300, 1_000, 65_536, 65_600, 70_000));
    fc.assert(
      fc.property(
        fc.array(length, { minLength: 2, maxLength: 5 }),
        fc.array(fc.nat(4), { minLength: 20, maxLength: 60 }),
        (lengths, order) => {
          // Each end is of a length of its own; half of the records have the end of the one before.
          for (const [i, which] of order.entries()) {
            const page = String.fromCharCode(97 + (which % lengths.length)).repeat(lengths[which % lengths.length]!);
            const { user: _, ...rest } = { ...ORDINARY.data, page };
            const user = `u_${i}`;
            const record = JSON.stringify({ ...ORDINARY, data: { user, ...rest } });
            expect(agrees(record)).toBe(true);
            if (i % 2 === 0) expect(agrees(record)).toBe(true);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('leaves a record with any byte changed, added or taken away to where it belongs', () => {
    const ordinary = JSON.stringify(ORDINARY);
    const byte = fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', ' ', '\n', '0', '1', '-', '.', 'a', '\u0000', 'é');
    fc.assert(
      fc.property(fc.nat(ordinary.length - 1), fc.nat(2), byte, (at, taken, put) => {
        agrees(ordinary.slice(0, at) + put + ordinary.slice(at + taken));
        agrees(ordinary.slice(0, at), ordinary.slice(at));
      }),
      { numRuns: 1_000 },
    );
  });

  it('does not take a repeated member, whose last one counts', () => {
    for (const [name, again] of [
      ['"rows":1', '"rows":2'],
      ['"user":"u_0000002a"', '"user":"other"'],
      ['"id":"access-1"', '"id":"2"'],
    ] as const) {
      expect(agrees(JSON.stringify(ORDINARY).replace(name, `${name},${again}`))).toBe(false);
    }
  });

  it('agrees on the worked example of the contract', () => {
    const lines = EVENTS.toString().trim().split('\n');
    // Most of them are hostile in one way or another.
    expect(lines.filter((line) => agrees(line)).length).toBeGreaterThan(600);
  });
});
