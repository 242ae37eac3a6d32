/** Rows of access_results as anybody could make the system write them. */
import fc from 'fast-check';
import { ACTIONS } from '../../../schemas/codes.ts';
import { ROW_COLUMNS } from '../../../schemas/results/columns.ts';

/** What breaks quoting, escaping, line ends, lengths and terminals; and anything else. */
export const hostileText = fc.oneof(
  fc.constantFrom(
    '',
    '\0',
    "'",
    '"',
    '`',
    '\\',
    "\\'",
    '\n',
    '\r\n',
    '\t',
    '\\N',
    '--',
    '/*',
    ';',
    "'); DROP TABLE ntk.blocks; --",
    '{x:String}',
    '\u001b[31m',
    '\uFEFF',
    '🙂',
    'ä'.repeat(80),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ minLength: 100, maxLength: 300 }),
);

const count = fc.oneof(
  fc.constantFrom(0, 1, 127, 128, 255, 256, 65_535, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
  fc.maxSafeNat(),
);
/** The first and last moment a record's `time` may be, and any between. */
const TIME_MS_MAX = Date.UTC(2255, 0, 1) - 1;
const timeMs = fc.oneof(fc.constantFrom(0, TIME_MS_MAX), fc.integer({ min: 0, max: TIME_MS_MAX }));
const action = fc.constantFrom(...ACTIONS);
const texts = fc.array(hostileText, { maxLength: 4 });

const BY_TYPE: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  UInt64: count,
  UInt32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  UInt16: fc.integer({ min: 0, max: 2 ** 16 - 1 }),
  String: hostileText,
  'LowCardinality(String)': hostileText,
  "DateTime64(3, 'UTC')": timeMs,
  Bool: fc.boolean(),
  Float32: fc.float({ noNaN: true }),
  'FixedString(16)': fc.string({
    unit: fc.integer({ min: 0, max: 15 }).map((digit) => digit.toString(16)),
    minLength: 16,
    maxLength: 16,
  }),
  "Enum8('allow' = 0, 'flag' = 1, 'throttle' = 2, 'intercept' = 3)": action,
  "Array(Enum8('allow' = 0, 'flag' = 1, 'throttle' = 2, 'intercept' = 3))": fc.array(action, { maxLength: 4 }),
  'Array(LowCardinality(String))': texts,
  'Map(LowCardinality(String), Float32)': fc
    .uniqueArray(fc.tuple(hostileText, fc.float({ noNaN: true })), { maxLength: 3, selector: ([name]) => name })
    .map((entries) => new Map(entries)),
};

/** Values of one row, in the order of ROW_COLUMNS. */
export const hostileRow: fc.Arbitrary<unknown[]> = fc.tuple(...ROW_COLUMNS.map(({ type }) => BY_TYPE[type]!));

/** Rows with offsets of their own, ascending. */
export const hostileRows = fc
  .array(hostileRow, { minLength: 1, maxLength: 12 })
  .map((rows) => rows.map((row, offset) => row.with(0, offset * 3)));

/** An ordinary row; some values may be given by column name. */
export function plainRow(values: Readonly<Partial<Record<(typeof ROW_COLUMNS)[number]['name'], unknown>>> = {}): unknown[] {
  const plain: Readonly<Record<string, unknown>> = {
    offset: 0,
    event_id: 'e-1',
    source: 'host/test',
    event_time: Date.UTC(2026, 10, 1),
    appended_at: Date.UTC(2026, 10, 1),
    program: 'wx1',
    developer: 'dev_1',
    class: 'retail',
    user: 'u_1',
    api: 'wx.getLocation',
    category: 'location',
    purpose: '',
    foreground: true,
    rows: 1,
    bytes: 48,
    outcome: 'performed',
    verdict: 'allow',
    proposed: 'allow',
    reasons: [],
    effective: [],
    limit: '',
    retry_after_ms: 0,
    page: '',
    link_kind: '',
    link_host: '',
    fields: [],
    duration_ms: 0,
    evidence: '',
    engine: 1,
    score: 0,
    contributions: new Map(),
    policy_hash: '0123456789abcdef',
    declaration_version: 1,
    notes: [],
  };
  return ROW_COLUMNS.map(({ name }) => (name in values ? values[name] : plain[name]));
}
