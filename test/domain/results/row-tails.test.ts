import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ORIGIN } from '../../../schemas/codes.ts';
import { END_PLACES } from '../../../services/domain/record/access-ends.ts';
import { RowTails } from '../../../services/domain/results/row-tails.ts';
import { foldAll, foldInput, newFold } from '../fold/partitioned.ts';

const START_MS = Date.UTC(2026, 10, 24);
const PROGRAMS = ['wx1', 'wx2', 'wx3'];
const ENDS = [
  { api: 'wx.getLocation' },
  { api: 'wx.getLocation', purpose: 'maps', page: 'pages/map', foreground: false, rows: 1, bytes: 48 },
  { api: 'wx.chooseImage', purpose: 'maps', fields: ['path'], outcome: 'pending' },
  { api: 'host.odd', category: 'health', durationMs: 12 },
  { api: 'wx.navigateTo' },
];

interface Event {
  readonly type: string;
  readonly subject: string;
  readonly data: object;
}

const access = fc
  .record({ program: fc.constantFrom(...PROGRAMS), user: fc.nat(3), end: fc.constantFrom(...ENDS) })
  .map(({ program, user, end }): Event => ({ type: 'ntk.access', subject: program, data: { user: `u${user}`, ...end } }));
const CATEGORIES = ['location', 'photos', 'health'].map((category) => ({ category, background: true }));
const declared = (program: string, version: number): Event => ({
  type: 'ntk.declaration',
  subject: program,
  data: { version, purposes: [{ id: 'maps', text: 'maps', categories: CATEGORIES }] },
});
const declaration = fc
  .tuple(fc.constantFrom(...PROGRAMS), fc.integer({ min: 2, max: 4 }))
  .map(([program, version]) => declared(program, version));
/** Under some of them something is found, and under some the limit refuses. */
const policy = fc.record({ version: fc.nat(3).map(String), limit: fc.boolean(), enforced: fc.boolean() }).map(
  ({ version, limit, enforced }): Event => ({
    type: 'ntk.policy',
    subject: '*',
    data: {
      version,
      modes: { default: enforced ? 'enforce' : 'observe' },
      limits: limit ? [{ name: 'calls', key: ['user'], count: 2, per: '1h', burst: 2 }] : [],
    },
  }),
);
const events = fc
  .array(fc.oneof({ weight: 20, arbitrary: access }, { weight: 1, arbitrary: declaration }, { weight: 1, arbitrary: policy }), {
    minLength: 40,
    maxLength: 160,
  })
  .map((some) => [...PROGRAMS.map((program) => declared(program, 1)), ...some]);

/** All rows of these events. */
function rowsOf(history: readonly Event[], textOf: (event: object) => string): Buffer {
  const records = history.map((event, i) => {
    const time = new Date(START_MS + i * 1000).toISOString();
    return {
      value: Buffer.from(textOf({ specversion: '1.0', id: `e${i}`, source: 's', time, ...event })),
      record: i + 1,
      origin: ORIGIN.run,
    };
  });
  const rows: Buffer[] = [];
  foldAll(newFold(), foldInput(records, { from: 0, to: records.length }), (piece) =>
    rows.push(Buffer.from(piece.rows.written())),
  );
  return Buffer.concat(rows);
}

/** The same record as nobody writes it, so that it is read in the general way, which knows of no ends. */
const withEscape = (event: object): string => JSON.stringify(event).replace('"specversion"', String.raw`"\u0073pecversion"`);

describe('rows whose end was written before', () => {
  it('are those that they would be without, whatever the policy, the declaration and the findings are in between', () => {
    const write = vi.spyOn(RowTails.prototype, 'write');
    fc.assert(
      fc.property(events, (history) => {
        expect(rowsOf(history, JSON.stringify)).toEqual(rowsOf(history, withEscape));
      }),
    );
    expect(write.mock.results.filter(({ value }) => value).length).toBeGreaterThan(1_000);
    write.mockRestore();
  });

  it('are their own where more ends than there are places come again and again', () => {
    const ends = Array.from({ length: 2 * END_PLACES }, (_, rows) => ({ user: 'u', api: 'wx.getLocation', rows }));
    const round = ends.flatMap((data): Event[] => [0, 1, 2].map(() => ({ type: 'ntk.access', subject: 'wx1', data })));
    const history = [declared('wx1', 1), ...round, ...round];
    expect(rowsOf(history, JSON.stringify).equals(rowsOf(history, withEscape))).toBe(true);
  });

  it('are their own beside others that are too long to be kept', () => {
    const ends = Array.from({ length: END_PLACES }, (_, rows) => ({
      user: 'u',
      api: 'wx.getLocation',
      rows,
      page: 'p'.repeat(rows % 2 === 0 ? 4 : 180),
    }));
    const round = ends.flatMap((data): Event[] => [0, 1, 2].map(() => ({ type: 'ntk.access', subject: 'wx1', data })));
    const history = [declared('wx1', 1), ...round, ...round];
    expect(rowsOf(history, JSON.stringify).equals(rowsOf(history, withEscape))).toBe(true);
  });
});
