/** Lines that must be rejected, each with the reason that exact-rules.md section 1 gives it. */
import type { RejectReason } from '../../schemas/codes.ts';
import { JSON_DEPTH_MAX, RECORD_BYTES_MAX } from '../../schemas/codes.ts';
import { hostileJson } from './hostile-text.ts';
import type { Random } from './random.ts';
import { invalidPolicy } from './random-policies.ts';

export interface RejectLine {
  readonly bytes: Buffer;
  readonly reason: RejectReason;
}
/** A valid access record; its subject is a program. */
export type AccessRecord = Readonly<Record<string, unknown>> & { readonly data: object };

const line = (text: string | Buffer, reason: RejectReason): RejectLine => ({
  bytes: Buffer.from(text as string, 'utf8'),
  reason,
});

/** Text after the opening brace of the record. */
const inside = (record: AccessRecord, member: string): string => `{${member},${JSON.stringify(record).slice(1)}`;
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
/** Room for this many levels is left inside a record. */
export const NESTING_LEFT = JSON_DEPTH_MAX - 1;

/** A record of exactly this many bytes. */
export function recordOfBytes(record: AccessRecord, bytes: number): Buffer {
  const empty = JSON.stringify({ ...record, padding: '' });
  return Buffer.from(JSON.stringify({ ...record, padding: 'x'.repeat(bytes - Buffer.byteLength(empty)) }), 'utf8');
}

const NO_JSON_LINES = [
  "{'id':1}",
  '{',
  '"',
  'nul',
  'True',
  '01',
  '+1',
  '.5',
  '1.',
  '1e',
  '{}{}',
  '[1,]',
  '{"a":1,}',
  '{"a" 1}',
  '\f',
  '\r',
];
const NO_JSON_MEMBERS = [
  '"x":NaN',
  '"x":Infinity',
  '"x":-Infinity',
  '"x":0x10',
  '"x":1_000',
  '"x":\'a\'',
  'x:1',
  '"x":undefined',
  '"x":"a\u0001b"',
  '"x":"a\tb"',
  '"x":"\\x41"',
  '"x":"\\u12"',
  '/* why */"x":1',
  '"x":"\\ud800"',
  '"x":"\\udc00\\ud800"',

  '"\\udbff":1',
  '"x":{"y":["\\udfff"]},"x":1',
  '"x":"\\ud83d😀"',
  `"x":${nested(NESTING_LEFT + 1)}`,
  '\u00a0"x":1',
  '"x":1,\ufeff"y":1',
];
/** Not UTF-8: a stray byte, an overlong form, a surrogate, a cut sequence, beyond the last code point. */
const NO_UTF8 = [[0xff], [0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98], [0xf4, 0x90, 0x80, 0x80]];

export function invalidJson(record: AccessRecord, random: Random): RejectLine {
  const text = JSON.stringify(record);
  const kind = random.weighted({ line: 2, member: 6, bytes: 2, mark: 1, cut: 1, two: 1 });
  if (kind === 'line') return line(random.pick(NO_JSON_LINES), 'invalid_json');
  if (kind === 'member') return line(inside(record, random.pick(NO_JSON_MEMBERS)), 'invalid_json');
  if (kind === 'mark') return line(`\ufeff${text}`, 'invalid_json');
  if (kind === 'cut') return line(text.slice(0, random.between(1, text.length - 1)), 'invalid_json');
  if (kind === 'two') return line(text + text, 'invalid_json');
  const [before = '', after = ''] = inside(record, '"x":"|"').split('|', 2);
  const broken = Buffer.concat([Buffer.from(before), Buffer.from(random.pick(NO_UTF8)), Buffer.from(after)]);
  return { bytes: broken, reason: 'invalid_json' };
}

const NO_EVENTS = ['[]', '{}', '5', 'null', 'true', '"ntk.access"', '[{"specversion":"1.0"}]', ' -0 '];
const WRONG_ATTRIBUTES: readonly object[] = [
  ...[1, '1', '1.1', '', null, undefined].map((specversion) => ({ specversion })),
  ...['id', 'source', 'type', 'subject'].flatMap((name) =>
    ['', 5, null, undefined, ['a'], {}, true].map((wrong) => ({ [name]: wrong })),
  ),
  { subject: '*' },
  { subject: '*', data: null },
  ...['ntk.policy', 'ntk.erasure', 'ntk.prior', 'ntk.heartbeat'].map((type) => ({ type, data: { user: 'u', version: 'x' } })),
  // What is tested first counts.
  { type: 'ntk.unheardOf', id: '' },
  { type: 'ntk.unheardOf', time: 'yesterday' },
  { time: null, data: null },
  ...[null, undefined, 1583020800, '', '2026-03-01', '2026-03-01 00:00:00Z', '2026-03-01T00:00:00', '2026-03-01T25:00:00Z'].map(
    (time) => ({ time }),
  ),
  ...['2026-03-01T24:00:00Z', '2026-03-01T00:60:00Z', '2026-03-01T00:00:61Z', '2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z'].map(
    (time) => ({ time }),
  ),
  ...[
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2100-02-29T00:00:00Z',
    '2026-03-01T00:00:00.Z',
    '2026-03-01T00:00:00,5Z',
  ].map((time) => ({ time })),
  ...['2026-03-01T00:00:00+24:00', '2026-03-01T00:00:00+0800', '2026-03-01T00:00:00+08', '2026-03-01T00:00:00+08:60'].map(
    (time) => ({ time }),
  ),
  ...[' 2026-03-01T00:00:00Z', '2026-03-01T00:00:00Z ', '2026-3-1T00:00:00Z', '2026-03-01T00:00Z', '+002026-03-01T00:00:00Z'].map(
    (time) => ({ time }),
  ),
  ...['２026-03-01T00:00:00Z', '2026-03-01T00:00:00\u221201:00', '2026-03-01T00:00:00Z\n', '20260301T000000Z'].map((time) => ({
    time,
  })),
  ...['1969-12-31T23:59:59.999999999Z', '1970-01-01T00:00:00+00:01', '0000-01-01T00:00:00Z', '0070-01-01T00:00:00Z'].map(
    (time) => ({ time }),
  ),
  ...['2255-01-01T00:00:00Z', '2254-12-31T23:59:60Z', '2254-12-31T23:59:59.999999-00:01', '9999-12-31T23:59:59Z'].map((time) => ({
    time,
  })),
];

export function notCloudevent(record: AccessRecord, random: Random): RejectLine {
  if (random.chance(0.1)) return line(random.pick(NO_EVENTS), 'not_cloudevent');
  return line(hostileJson({ ...record, ...random.pick(WRONG_ATTRIBUTES) }, random), 'not_cloudevent');
}

const UNKNOWN_TYPES = [
  'ntk.accesses',
  'NTK.ACCESS',
  'ntk.access ',
  'ntk.',
  'com.example.x',
  '__proto__',
  'constructor',
  'ntk.acc\u00e8ss',
];

export const unknownType = (record: AccessRecord, random: Random): RejectLine =>
  line(
    hostileJson({ ...record, type: random.pick(UNKNOWN_TYPES), ...random.pick([{}, { subject: '*' }, { data: 5 }]) }, random),
    'unknown_type',
  );

const WRONG_COUNTS = [-1, 1.5, 2 ** 53, 1e300, '3', true, [], {}];
const WRONG_TEXTS = [5, true, [], {}];
const WRONG_LISTS = ['latitude', 5, {}, [5], ['a', null], [['a']]];
const each = (names: readonly string[], wrong: readonly unknown[]): object[] =>
  names.flatMap((name) => wrong.map((value) => ({ [name]: value })));

/** By type: a valid `data`, and members that make it invalid. */
const WRONG_DATA: Readonly<Record<string, { readonly valid: object; readonly wrong: readonly object[] }>> = {
  'ntk.access': {
    valid: { user: 'u', api: 'wx.getLocation' },
    wrong: [
      ...each(['user', 'api'], ['', null, ...WRONG_TEXTS]),
      ...each(['user'], ['u'.repeat(129), '😀'.repeat(129)]),
      ...each(['rows', 'bytes', 'durationMs'], WRONG_COUNTS),
      ...each(['category', 'purpose', 'page'], WRONG_TEXTS),
      ...each(['category'], ['']),
      ...each(['foreground'], ['true', 1, 0, [], {}]),
      ...each(['fields'], WRONG_LISTS),
      ...each(['outcome'], ['done', 'Pending', '', 5]),
      ...each(['link'], ['external', [], 5, {}, { kind: null }, { kind: 'popup' }, { kind: 'share', host: 5 }, { host: 'x' }]),
      ...each(
        ['link'],
        WRONG_LISTS.map((reveals) => ({ kind: 'share', reveals })),
      ),
    ],
  },
  'ntk.declaration': {
    valid: { version: 900, purposes: [{ id: 'x', categories: [{ category: 'location' }] }] },
    wrong: [
      ...each(['version'], [...WRONG_COUNTS, 0, 2 ** 32, null]),
      ...each(['developer', 'name', 'class'], WRONG_TEXTS),
      ...each(['detected', 'linkHosts'], WRONG_LISTS),
      ...each(
        ['purposes'],
        [null, {}, 'x', [null], ['x'], [{}], [{ id: 'x' }], [{ categories: [] }], [{ id: '', categories: [] }]],
      ),
      ...each(['purposes'], [[{ id: 'x', categories: {} }], [{ id: 'x', text: 5, categories: [] }], [{ id: 5, categories: [] }]]),
      ...[null, 'location', {}, { category: '' }, { category: 5 }].map((entry) => ({
        purposes: [{ id: 'x', categories: [entry] }],
      })),
      ...[
        ...each(['maxBytesPerCall', 'maxRowsPerCall'], WRONG_COUNTS),
        ...each(['fields'], WRONG_LISTS),
        { background: 'no' },
      ].map((wrong) => ({ purposes: [{ id: 'x', categories: [{ category: 'location', ...wrong }] }] })),
    ],
  },
  'ntk.entitlement': {
    valid: { category: 'contacts', granted: true },
    wrong: [
      ...each(['category'], ['', null, ...WRONG_TEXTS]),
      ...each(['granted'], ['yes', 1, null]),
      ...each(['until'], ['', 'tomorrow', '2027-01-01', '2027-01-01T00:00:00', '2027-02-29T00:00:00Z', 5, {}]),
    ],
  },
  'ntk.consent': {
    valid: { user: 'u', state: 'granted', categories: ['location'] },
    wrong: [
      ...each(['user'], ['', null, 'u'.repeat(129), ...WRONG_TEXTS]),
      ...each(['state'], ['', null, 'given', 'GRANTED', 5]),
      ...each(['categories'], [null, '*', ...WRONG_LISTS]),
      ...each(['declarationVersion'], [...WRONG_COUNTS, 0]),
      ...each(['basis'], ['implied', '', 5]),
    ],
  },
  'ntk.standing': {
    valid: { state: 'suspended' },
    wrong: [
      ...each(['state'], ['', null, 'Banned', 5]),
      ...each(['by', 'reason'], WRONG_TEXTS),
      ...each(['until'], ['never', '2027-01-01T00:00:00', 5]),
    ],
  },
  'ntk.review': {
    valid: { episode: 'e', disposition: 'expected', by: 'r' },
    wrong: each(['episode', 'by', 'note'], WRONG_TEXTS),
  },
  'ntk.erasure': { valid: { user: 'u' }, wrong: each(['user'], ['', 'u'.repeat(129), ...WRONG_TEXTS]) },
};
const STARRED = ['ntk.erasure', 'ntk.policy'];

export function invalidData(record: AccessRecord, random: Random): RejectLine {
  const type = random.weighted({
    'ntk.access': 8,
    'ntk.declaration': 4,
    'ntk.entitlement': 2,
    'ntk.consent': 3,
    'ntk.standing': 1,
    'ntk.review': 1,
    'ntk.erasure': 1,
    'ntk.policy': 4,
  });
  const attributes = { ...record, type, subject: STARRED.includes(type) ? '*' : record['subject'] };
  const known = WRONG_DATA[type];
  const isNoObject = random.chance(0.1);
  const wrong = known === undefined ? invalidPolicy(random) : { ...known.valid, ...random.pick(known.wrong) };
  const data = isNoObject ? random.pick<unknown>([null, undefined, 5, '{}', [], [{}], true]) : wrong;
  return line(hostileJson({ ...attributes, data }, random), 'invalid_data');
}

export const tooLarge = (record: AccessRecord, random: Random): RejectLine => ({
  bytes: random.chance(0.3) ? Buffer.alloc(RECORD_BYTES_MAX + 1, 0xff) : recordOfBytes(record, RECORD_BYTES_MAX + 1),
  reason: 'too_large',
});
