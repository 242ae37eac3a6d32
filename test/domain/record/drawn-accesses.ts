/** Records of accesses as hosts write them, and with parts that are otherwise: for what reads them in a short way where it can. */
import fc from 'fast-check';
import { HOSTILE_PROGRAMS, HOSTILE_USERS } from '../../reference/hostile-names.ts';

export const ORDINARY = {
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

/** With all that the short way reads. */
export const FULL = {
  ...ORDINARY,
  datacontenttype: 'application/json',
  data: { ...ORDINARY.data, category: 'location', durationMs: 12 },
} as const;

/** Most of what is drawn is as hosts write it: whatever one part has that is not so, the short way leaves the record at once. */
const ORDINARY_WEIGHT = 24;
const usually = <T>(ordinary: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: ORDINARY_WEIGHT, arbitrary: ordinary }, { weight: 1, arbitrary: other });
export const ODD_TEXTS = [
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
  'u'.repeat(128),
  'u'.repeat(129),
] as const;
export const ODD_VALUES = [
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
  9_007_199_254_740_990,
  2 ** 53 - 1,
  2 ** 53,
  {},
  [],
  [[]],
  ['a', 1],
  ['a', ']'],
] as const;
export const ODD_TIMES = [
  '2026-03-01T00:00:00Z',
  '2026-03-01t00:00:60.1Z',
  '2026-03-01T00:00:60Z',
  '2026-03-01T00:00:61Z',
  '2026-03-01T00:00:00.123456Z',
  '2026-03-01T00:00:00.1234567Z',
  '2026-02-29T00:00:00Z',
  '2026-02-29T00:00:01Z',
  '2026-03-01T00:00:00.Z',
  '2026-03-01T00:00:00z',
  '1026-03-01T00:00:00Z',
  '2226-03-01T00:00:00Z',
  '2254-12-31T23:59:60Z',
  '1969-12-31T23:59:59.999Z',
  '2026-03-01T08:00:00+08:00',
  '2026-03-01T08:00:00+24:00',
] as const;
export const ODD_OUTCOMES = ['perform', 'refuse', 'peformed', 'pendin', 'pendinG', 'rending', 'refused '] as const;

export const text = usually(
  fc.stringMatching(/^[ !#-[\]-~]{1,9}$/),
  fc.oneof(fc.constantFrom(...ODD_TEXTS, ...HOSTILE_USERS, ...HOSTILE_PROGRAMS), fc.string({ maxLength: 8 })),
);
const anything = fc.oneof(text, fc.constantFrom<unknown>(...ODD_VALUES), fc.array(text, { maxLength: 3 }), fc.nat());
const time = usually(
  fc
    .date({ min: new Date(0), max: new Date('2254-12-31'), noInvalidDate: true })
    .chain((date) => fc.constantFrom(date.toISOString(), date.toISOString().replace(/\.\d+Z$/, 'Z'))),
  fc.constantFrom(...ODD_TIMES),
);
const part = (ordinary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => usually(ordinary, anything);
/** JSON has no member for it. */
const seldom = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => usually(fc.constant(undefined), value);
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
  outcome: part(usually<string>(fc.constantFrom('performed', 'pending', 'refused'), fc.constantFrom(...ODD_OUTCOMES))),
  durationMs: part(fc.nat()),
  link: seldom(anything),
  more: seldom(anything),
};
export const data = fc.record(dataOf, { requiredKeys: ['user', 'api'], noNullPrototype: true });
const top = {
  specversion: part(fc.constant('1.0')),
  id: part(text),
  source: part(text),
  type: part(usually<string>(fc.constant('ntk.access'), fc.constantFrom('ntk.consent', 'ntk.acces'))),
  subject: part(text),
  time: part(time),
  data: part(data),
};
export const event = fc.record(
  { ...top, datacontenttype: part(fc.constant('application/json')), more: seldom(anything) },
  { requiredKeys: ['specversion', 'id', 'source', 'type', 'subject', 'time', 'data'], noNullPrototype: true },
);
/** Members in any order. */
export function shuffled(value: object, order: number): object {
  const members = Object.entries(value);
  const from = order % Math.max(1, members.length);
  return Object.fromEntries([...members.slice(from), ...members.slice(0, from)]);
}
