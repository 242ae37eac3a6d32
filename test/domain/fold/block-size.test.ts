/** A block is one record of the log, which takes 4 MiB, whatever the records of a batch say. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ORIGIN } from '../../../schemas/codes.ts';
import { NAME_POINTS_MAX } from '../../../schemas/fields.ts';
import { encodeBlock } from '../../../services/domain/results/block.ts';
import { VALUE_BYTES_MAX } from '../../../services/platform/log/segment.ts';
import { foldInput, newFold } from './partitioned.ts';

const START_MS = Date.UTC(2026, 2, 1);
const LONGEST = 1_040_000;

function event(id: number, type: string, data: object, subject = 'wx1'): Buffer {
  const time = new Date(START_MS).toISOString();
  return Buffer.from(JSON.stringify({ specversion: '1.0', id: `${id}`, source: 'host/x', type, subject, time, data }));
}

const declaration = (id: number, developer: string): Buffer =>
  event(id, 'ntk.declaration', { version: id + 1, developer, purposes: [] });
const access = (id: number, page: number): Buffer =>
  event(id, 'ntk.access', { user: `u${id}`, api: 'wx.getLocation', page: 'p'.repeat(page) });
/** What JSON writes in six bytes each. */
const erasure = (id: number): Buffer => event(id, 'ntk.erasure', { user: `${'\u0001'.repeat(120)}${id}` }, '*');
const policy = (id: number, limit: string): Buffer =>
  event(
    id,
    'ntk.policy',
    {
      version: `p${id}`,
      modes: { default: 'enforce' },
      limits: [{ name: limit, key: ['program'], count: 1, per: '1h', burst: 1, action: 'intercept' }],
    },
    '*',
  );

/** Folds all in one batch; bytes of each block, and all rows. */
function blocksOf(
  values: readonly Buffer[],
  arrivalMs: (i: number) => number = () => START_MS,
): { sizes: number[]; rows: Buffer } {
  const fold = newFold();
  const records = values.map((value, i) => ({ value, record: i + 1, origin: ORIGIN.live }));
  const input = foldInput(records, { from: 0, to: records.length });
  for (let i = 0; i < values.length; i++) input.appendedAtMs[i] = arrivalMs(i);
  const sizes: number[] = [];
  const rows: Buffer[] = [];
  while (fold.state.position < input.nextOffset) {
    const outcome = fold.fold(input, START_MS);
    const written = Buffer.from(outcome.rows.written());
    sizes.push(encodeBlock({ header: outcome.header(''), rows: written }).length);
    rows.push(written);
  }
  return { sizes, rows: Buffer.concat(rows) };
}

const LONG = 'd'.repeat(LONGEST);
const DEVELOPER = '😀'.repeat(NAME_POINTS_MAX);
test.each([
  ['a developer', [declaration(0, DEVELOPER), ...[1, 2, 3, 4, 5].map((id) => access(id, LONGEST))]],
  ['a limit', [policy(0, LONG), access(1, 10), access(2, 10), access(3, 500_000), access(4, LONGEST)]],
  ['both', [policy(0, LONG), declaration(1, DEVELOPER), access(2, 10), access(3, 10), access(4, LONGEST), access(5, LONGEST)]],
])('a block fits into a record of the log with pages as long as they may be, and the name of %s', (_, values) => {
  const { sizes, rows } = blocksOf(values);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(VALUE_BYTES_MAX);
  expect(rows.length).toBeGreaterThan(VALUE_BYTES_MAX);
});

test('a block has no more users to erase, and moments at which records came, than its header has room for', () => {
  const { sizes } = blocksOf(
    Array.from({ length: 12_000 }, (_, i) => erasure(i)),
    (i) => START_MS + i,
  );
  expect(sizes.length).toBeGreaterThan(2);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(VALUE_BYTES_MAX);
});

test('a block fits into a record of the log with records of any lengths in any order', () => {
  const length = fc.oneof(fc.nat(2_000), fc.constantFrom(500_000, LONGEST));
  const record = fc.oneof(
    { weight: 4, arbitrary: fc.record({ page: length }) },
    { weight: 1, arbitrary: fc.record({ developer: fc.nat(NAME_POINTS_MAX) }) },
  );
  fc.assert(
    fc.property(fc.array(record, { minLength: 3, maxLength: 12 }), (records) => {
      const values = records.map((one, i) => ('page' in one ? access(i, one.page) : declaration(i, '😀'.repeat(one.developer))));
      expect(Math.max(...blocksOf([policy(0, LONG), ...values]).sizes)).toBeLessThanOrEqual(VALUE_BYTES_MAX);
    }),
    { numRuns: 40 },
  );
});
