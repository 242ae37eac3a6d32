import fc from 'fast-check';
import { expect, test } from 'vitest';
import { durationUs } from '../../schemas/policy/duration.ts';
import { policySchema } from '../../schemas/policy/policy.ts';
import { policyDocuments } from './policy-documents.ts';

const LIMIT = { name: 'one', key: ['program'], count: 600, per: '1m', burst: 100 };

function accepts(document: unknown): boolean {
  return policySchema.safeParse(document).success;
}

test('a policy of nothing but a version gets every default', () => {
  expect(policySchema.parse({ version: '' })).toEqual({
    version: '',
    purposes: 'optional',
    consent: { required: [] },
    restricted: [],
    actions: {},
    modes: { default: 'observe', overrides: [] },
    limits: [],
    baselines: { enabled: true },
    unavailable: { default: 'allow', categories: {} },
  });
});

test('defaults are not shared between policies', () => {
  const first = policySchema.parse({ version: 'x' });
  first.limits.push(policySchema.parse({ version: 'y', limits: [LIMIT] }).limits[0]!);
  expect(policySchema.parse({ version: 'x' }).limits).toEqual([]);
});

test('null is the same as absence at every depth', () => {
  const withoutNulls = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(withoutNulls);
    if (typeof value !== 'object' || value === null) return value;
    const kept = Object.entries(value).filter(([, member]) => member !== null);
    return Object.fromEntries(kept.map(([key, member]) => [key, withoutNulls(member)]));
  };
  fc.assert(
    fc.property(policyDocuments, (document) => {
      expect(JSON.stringify(policySchema.parse(document))).toBe(JSON.stringify(policySchema.parse(withoutNulls(document))));
    }),
  );
});

test('a limit gets its defaults and its period in microseconds', () => {
  expect(policySchema.parse({ version: 'x', limits: [LIMIT] }).limits).toEqual([
    { ...LIMIT, match: {}, cost: 'calls', shadow: false, perUs: 60_000_000 },
  ]);
});

test.each([
  ['1ms', 1_000n],
  ['7s', 7_000_000n],
  ['90m', 5_400_000_000n],
  ['1h', 3_600_000_000n],
  ['104249d', 9_007_113_600_000_000n],
])('%s are %s microseconds', (per, us) => {
  expect(durationUs(per)).toBe(us);
});

test.each(['0s', '01s', '1 s', ' 1s', '1s\n', '1.5s', '-1s', '+1s', '1e3s', '1w', '1S', 's', '1', '', '１s'])(
  '%j is no duration',
  (per) => {
    expect(durationUs(per)).toBeUndefined();
    expect(accepts({ version: 'x', limits: [{ ...LIMIT, per }] })).toBe(false);
  },
);

test('a limit is refused exactly when its interval would round to 0 microseconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: -3, max: 3 }), (milliseconds, more) => {
      const perUs = BigInt(milliseconds) * 1000n;
      const count = 2 * milliseconds * 1000 + more;
      const interval = (2n * perUs + BigInt(count)) / (2n * BigInt(count));
      expect(accepts({ version: 'x', limits: [{ ...LIMIT, count, per: `${milliseconds}ms` }] })).toBe(interval > 0n);
    }),
  );
});

test.each([
  ['*', '*'],
  [['*'], '*'],
  [[], []],
  [['location'], ['location']],
])('consent required for %j is read as %j', (required, read) => {
  expect(policySchema.parse({ version: 'x', consent: { required } }).consent.required).toEqual(read);
});

test.each([[['*', '*']], [['*', 'location']], ['location'], [{}], [[null]]])('consent required for %j is refused', (required) => {
  expect(accepts({ version: 'x', consent: { required } })).toBe(false);
});

test('empty lists are allowed wherever an override or a limit matches', () => {
  const match = { categories: [], programs: [], classes: [] };
  const overrides = [{ match: { ...match, reasons: [] }, mode: 'enforce' }];
  expect(accepts({ version: 'x', modes: { overrides }, limits: [{ ...LIMIT, key: [], match: { ...match, apis: [] } }] })).toBe(
    true,
  );
});

test('an action of null is as good as not there', () => {
  expect(policySchema.parse({ version: 'x', actions: { consent_missing: null, rate_limited: 'throttle' } }).actions).toEqual({
    rate_limited: 'throttle',
  });
});
