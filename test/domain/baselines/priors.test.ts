/** What a prior may say, and that nothing bad comes of what it may not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CATEGORIES, RECORD_BYTES_MAX } from '../../../schemas/codes.ts';
import {
  classesPriorSchema,
  fleetsPriorSchema,
  PRIOR_CLASSES_MAX,
  PRIOR_FLEETS_MAX,
  PRIOR_NAME_MAX,
} from '../../../schemas/events/prior.ts';
import { classPriorOf, classRowOf } from '../../../services/domain/baselines/priors/class-prior.ts';
import {
  C_CELLS,
  C_DAYS,
  C_SHAPES,
  C_VISIT_DAYS,
  C_WITH,
  categoryCell,
} from '../../../services/domain/baselines/state/class-rows.ts';
import { CLASS_PRIORS_MAX } from '../../../services/domain/baselines/state/class-priors.ts';
import { FLEET_PRIORS_MAX } from '../../../services/domain/baselines/state/fleet-priors.ts';
import { readPrior } from '../../../services/domain/record/prior.ts';
import { PAGE_KINDS } from '../../../services/domain/fold/partition-state.ts';
import { idIn, newFold, PARTITIONS, SmallPlatform } from '../aggregation/small-platform.ts';

/** Sums as program-days leave them: means within their ranges, by so many days. */
const classRows = fc
  .record({
    days: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
    parts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: C_CELLS, maxLength: C_CELLS }),
  })
  .map(({ days, parts }) => {
    const row = Float64Array.from(parts, (part) => part * days);
    for (const at of [C_DAYS, C_VISIT_DAYS, C_SHAPES]) row[at] = days;
    for (let i = 0; i < CATEGORIES.length; i++) row[categoryCell(i) + C_WITH] = days;
    return row;
  });

const LONGEST = 'ß'.repeat(PRIOR_NAME_MAX);

describe('a class', () => {
  it('is said in means that the schema takes, and understood as it was, to six digits', () => {
    fc.assert(
      fc.property(classRows, (row) => {
        const said = classPriorOf('maps', row);
        expect(classesPriorSchema.safeParse({ kind: 'classes', classes: [said] }).success).toBe(true);
        const understood = classRowOf(said);
        for (let i = 0; i < C_CELLS; i++) expect(Math.abs(understood[i]! - row[i]!)).toBeLessThanOrEqual(2e-5 * row[C_DAYS]!);
      }),
    );
  });

  it('of the longest name, with all others of a record, leaves half of the room that a record has', () => {
    const row = Float64Array.from({ length: C_CELLS }, (_, i) => 0.123456 * 7.65432 + i * 1e-6);
    row[C_DAYS] = 7.65432;
    const classes = Array.from({ length: PRIOR_CLASSES_MAX }, () => classPriorOf(LONGEST, row));
    expect(Buffer.byteLength(JSON.stringify({ kind: 'classes', classes }))).toBeLessThan(RECORD_BYTES_MAX / 2);
    const fleet = {
      developer: LONGEST,
      category: 'screen_recording',
      scaleHours: 24,
      block: 123_456,
      nats: 12.3456,
      inExcess: 1000,
      members: 1000,
    };
    const fleets = Array.from({ length: PRIOR_FLEETS_MAX }, () => fleet);
    expect(fleetsPriorSchema.safeParse({ kind: 'fleets', fleets }).success).toBe(true);
    expect(Buffer.byteLength(JSON.stringify({ kind: 'fleets', fleets }))).toBeLessThan(RECORD_BYTES_MAX / 2);
  });
});

const CLASS = classPriorOf('maps', new Float64Array(C_CELLS).fill(9));
const FLEET = { developer: 'd', category: 'location', scaleHours: 4, block: 123_000, nats: 9, inExcess: 4, members: 9 };

const hostileValue = fc.oneof(
  fc.constantFrom<unknown>(null, 'NaN', '1', -1, 1e308, -1e308, 2 ** 53, 1e-320, true, [], {}, [1e308], '__proto__'),
  fc.string({ maxLength: 300 }),
  fc.double(),
);

/** A right one with one field, however deep, that may be anything. */
function spoiled(value: unknown, path: number[], by: unknown): unknown {
  const keys = Object.keys(value as object);
  const [first = 0, ...rest] = path;
  const key = keys[first % Math.max(1, keys.length)];
  if (key === undefined || typeof value !== 'object' || value === null) return by;
  const inside = (value as Record<string, unknown>)[key];
  const changed = rest.length === 0 || typeof inside !== 'object' ? by : spoiled(inside, rest, by);
  return Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed };
}

const spoiledPriors = fc
  .tuple(
    fc.constantFrom({ kind: 'classes', classes: [CLASS] }, { kind: 'fleets', fleets: [FLEET] }),
    fc.array(fc.nat(200), { minLength: 1, maxLength: 5 }),
    hostileValue,
  )
  .map(([prior, path, by]) => spoiled(prior, path, by) as Record<string, unknown>);

describe('a hostile prior', () => {
  it('is understood with numbers in their ranges or not at all', () => {
    fc.assert(
      fc.property(spoiledPriors, (data) => {
        const prior = readPrior(data);
        if (prior?.kind === 'classes')
          for (const one of prior.classes) expect(classRowOf(one).every((cell) => cell >= 0 && cell <= 1e12 * 6400)).toBe(true);
        if (prior?.kind === 'fleets') for (const { nats } of prior.fleets) expect(nats >= 0 && nats <= 200).toBe(true);
      }),
    );
  });

  it.each([
    ['of another kind', { kind: 'moods', moods: [1] }],
    ['without a kind', {}],
    ['with numbers as text', { kind: 'fleets', fleets: [{ ...FLEET, nats: 'NaN' }] }],
    [
      'beyond what a double holds',
      JSON.parse(`{"kind":"fleets","fleets":[${JSON.stringify({ ...FLEET, nats: 'x' }).replace('"x"', '1e999')}]}`),
    ],
    ['of a hundred thousand classes', { kind: 'classes', classes: Array.from({ length: 100_000 }, () => 1) }],
    [
      'of more classes than a record has',
      { kind: 'classes', classes: Array.from({ length: PRIOR_CLASSES_MAX + 1 }, () => CLASS) },
    ],
  ])('%s has no effect', (_, data) => {
    expect(readPrior(data as Record<string, unknown>)).toBeNull();
  });

  it('is accepted, counted, and changes no verdict', () => {
    const program = { id: idIn(0, 'p'), developer: 'd', className: 'maps', from: 0, accesses: 5, shares: () => [0.5, 0.5] };
    const quiet = new SmallPlatform([program]).runHours(0, 48);
    const shouted = new SmallPlatform([program]);
    const notUnderstood = spoiledPriors.filter((data) => readPrior(data) === null);
    fc.assert(
      fc.property(notUnderstood, (data) => shouted.tell(data)),
      { numRuns: 50 },
    );
    shouted.runHours(0, 48);
    expect(shouted.scores.length).toBeGreaterThan(100);
    expect(shouted.scores).toEqual(quiet.scores);
    expect(shouted.ignored).toBe(shouted.said.length * PARTITIONS);
  });

  it('of names without end takes no more room than there is, and what is left out is counted', () => {
    const fold = newFold(0);
    const { baselines } = fold.state;
    let left = 0;
    for (let i = 0; i < 2 * CLASS_PRIORS_MAX; i++)
      left += baselines.takePrior({ kind: 'classes', classes: [{ ...CLASS, name: `c${i}` }] });
    expect(left).toBe(CLASS_PRIORS_MAX);
    expect(baselines.takePrior({ kind: 'classes', classes: [{ ...CLASS, name: 'c0' }] })).toBe(0);
    for (let i = 0; i < 2 * FLEET_PRIORS_MAX; i++)
      baselines.takePrior({ kind: 'fleets', fleets: [{ ...FLEET, developer: `d${i}` }] });
    fold.state.beginCheckpoint();
    for (let next = fold.state.nextPage(); next !== null; next = fold.state.nextPage()) {
      expect(PAGE_KINDS).toContain(next.kind);
      expect(next.bytes.length).toBeLessThanOrEqual(256 * 1024);
    }
  });
});
