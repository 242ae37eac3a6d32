import { describe, expect, it } from 'vitest';
import { ROW_COLUMNS, type RowColumnName } from '../../../schemas/results/columns.ts';
import { RowReader } from '../../../services/domain/results/row-reader.ts';
import { encodeRow } from '../../../services/platform/warehouse/row-binary.ts';

type Values = Partial<Record<RowColumnName, unknown>>;

const PLAIN: Record<RowColumnName, unknown> = {
  offset: 2 ** 40,
  event_id: 'e',
  source: 'host/名',
  event_time: 1_772_000_000_123,
  appended_at: 1_772_000_000_999,
  program: 'wx1',
  developer: '小微',
  class: 'maps',
  user: 'f'.repeat(32),
  api: 'wx.getLocation',
  category: 'location',
  purpose: '',
  foreground: true,
  rows: 2 ** 50,
  bytes: 48,
  outcome: 'performed',
  verdict: 'allow',
  proposed: 'allow',
  reasons: [],
  effective: [],
  limit: '',
  retry_after_ms: 0,
  page: 'pages/index',
  link_kind: '',
  link_host: '',
  fields: ['latitude', 'longitude'],
  duration_ms: 0,
  evidence: 'x'.repeat(300),
  engine: 3,
  score: 1.5,
  contributions: new Map([
    ['share', 1],
    ['rows', 0.5],
  ]),
  policy_hash: '0123456789abcdef',
  declaration_version: 7,
  notes: [],
};

function rowOf(values: Values): Buffer {
  const all = { ...PLAIN, ...values };
  return encodeRow(
    ROW_COLUMNS,
    ROW_COLUMNS.map(({ name }) => all[name]),
  );
}

describe('the columns that priors are made from', () => {
  it('are read from one row after another', () => {
    const reader = new RowReader(
      Buffer.concat([rowOf({}), rowOf({ program: 'wx2', foreground: false, notes: ['clock_skewed'] })]),
    );
    expect(reader.next()).toBe(true);
    expect(reader).toMatchObject({
      eventTimeMs: 1_772_000_000_123,
      program: 'wx1',
      user: 'f'.repeat(32),
      category: 'location',
      foreground: true,
      rows: 2 ** 50,
      bytes: 48,
      declarationVersion: 7,
      isJudged: true,
    });
    expect(reader.names()).toEqual({ developer: '小微', className: 'maps' });
    expect(reader.next()).toBe(true);
    expect(reader).toMatchObject({ program: 'wx2', foreground: false, isJudged: true });
    expect(reader.next()).toBe(false);
  });

  it.each<[string, Values, boolean]>([
    ['imported into a live log', { notes: ['imported'] }, false],
    ['intercepted by a check', { reasons: ['undeclared_category'], effective: ['intercept'] }, false],
    ['flagged by a check', { reasons: ['undeclared_category'], effective: ['flag'] }, true],
    ['intercepted by a limit', { reasons: ['rate_limited'], effective: ['intercept'] }, true],
    [
      'flagged by a check and intercepted by a limit',
      { reasons: ['not_entitled', 'rate_limited'], effective: ['flag', 'intercept'] },
      true,
    ],
  ])('say of an access that was %s whether baselines were asked', (_, values, isJudged) => {
    const reader = new RowReader(rowOf(values));
    reader.next();
    expect(reader.isJudged).toBe(isJudged);
  });

  it('are not read beyond the end of damaged rows', () => {
    const row = rowOf({});
    for (const length of [1, 40, row.length - 1]) expect(() => new RowReader(row.subarray(0, length)).next()).toThrow(RangeError);
  });
});
