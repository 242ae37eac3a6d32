import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CATEGORIES } from '../../../schemas/codes.ts';
import { Baselines } from '../../../services/domain/baselines/baselines.ts';
import {
  K_BLOCK,
  K_CALLS,
  K_SQUARES_TODAY,
  K_USES,
  K_VOLUME,
  keyRow,
  NO_KEY,
} from '../../../services/domain/baselines/state/key-rows.ts';
import {
  P_BLOCK,
  P_CALLS,
  P_DAYS,
  P_HOUR,
  P_LEARNED_USES,
  P_USES,
  numbersRow,
  programRow,
} from '../../../services/domain/baselines/state/program-rows.ts';
import {
  A_DAY,
  BLOCK_CALLS_MAX,
  DAY_DISPERSION,
  HALF_LIFE_DAYS,
  SCALE_HOURS,
  SCALES,
  SESSION_GAP_SECONDS,
} from '../../../services/domain/baselines/tuning.ts';
import { sightingOf } from './sighting-of.ts';
import type { Sighting } from '../../../services/domain/baselines/sighting.ts';

const START_HOUR = Date.UTC(2026, 2, 2) / 3_600_000;
const PHOTOS = CATEGORIES.indexOf('photos');
const CAMERA = CATEGORIES.indexOf('camera');
/** A budget that nothing reaches. */
const NO_ALARMS = 1e-8;

/** One program whose users come once each. */
class OneProgram {
  readonly baselines = new Baselines(() => 0);
  readonly slot = this.baselines.known.addProgram('wx1');
  readonly #hash = new Uint32Array(2);

  constructor() {
    this.baselines.known.classes.numberOf('unclassified');
  }

  /** By somebody who was never there. */
  use(hour: number, category: number): void {
    this.#hash[0]! += 0x9e3779b1;
    this.#hash[1]!++;
    this.useAgain(hour * 3600 + 60, category);
  }

  /** By whoever used it last. */
  useAgain(seconds: number, category: number, how: Partial<Sighting> = {}): void {
    const seen = sightingOf({ program: this.slot, category, seconds, ...how });
    this.baselines.see(seen, this.#hash, [], NO_ALARMS);
  }

  /** What a category has in the filling day and in the one before. */
  dayOf(category: number): number[] {
    const { known } = this.baselines;
    const key = known.findKey(this.slot, category);
    const at = keyRow(key) + 2 * A_DAY * K_BLOCK;
    return [...known.keys.cellsOf(key).subarray(at, at + 2 * K_BLOCK)];
  }

  /** Uses in the filling block and the one before, by scale. */
  uses(): number[][] {
    const cells = this.baselines.known.programs.cellsOf(this.slot);
    return SCALE_HOURS.map((_, scale) => [0, 1].map((block) => cells[(2 * scale + block) * P_BLOCK + P_USES]!));
  }

  /** As if each use so far had come so often. */
  multiply(times: number): void {
    const { known } = this.baselines;
    const blocks = 2 * SCALES * P_BLOCK;
    const cells = known.programs.cellsOf(this.slot);
    for (let i = 0; i < blocks; i++) cells[programRow(this.slot) + i]! *= times;
    for (let key = known.firstKey(this.slot); key !== NO_KEY; key = known.keys.next(key))
      for (let i = 0; i < 2 * SCALES * K_BLOCK; i++) known.keys.cellsOf(key)[keyRow(key) + i]! *= times;
  }

  usesOf(category: number): number[][] {
    const { keys } = this.baselines.known;
    const key = keys.find(this.baselines.known.firstKey(this.slot), category);
    return SCALE_HOURS.map((_, scale) =>
      [0, 1].map((block) => keys.cellsOf(key)[keyRow(key) + (2 * scale + block) * K_BLOCK + K_USES]!),
    );
  }
}

interface Use {
  readonly hours: number;
  readonly category: number;
}

const story = fc.array(
  fc.record({
    /** Since the use before. */
    hours: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0, max: 6 }) },
      fc.integer({ min: 7, max: 60 }),
      fc.integer({ min: 60, max: 500 }),
    ),
    category: fc.constantFrom(PHOTOS, CAMERA),
  }),
  { minLength: 1, maxLength: 80 },
);

/** What the blocks hold when each is the uses of its own hours: counted from the whole story. */
function counted(uses: readonly (Use & { readonly hour: number })[], now: number): number[][] {
  return SCALE_HOURS.map((hours) => {
    const block = Math.floor(now / hours);
    return [0, 1].map((before) => uses.filter(({ hour }) => Math.floor(hour / hours) === block - before).length);
  });
}

describe('windows', () => {
  it('hold the uses of the hour, the four hours and the day, and of as long before, whatever came when', () => {
    fc.assert(
      fc.property(story, (told) => {
        const program = new OneProgram();
        const uses: (Use & { hour: number })[] = [];
        let hour = START_HOUR;
        for (const use of told) {
          hour += use.hours;
          uses.push({ ...use, hour });
          program.use(hour, use.category);
          expect(program.uses()).toEqual(counted(uses, hour));
          const same = uses.filter(({ category }) => category === use.category);
          expect(program.usesOf(use.category)).toEqual(counted(same, hour));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('count what one user does in a session less and less, and whole again after three hours without', () => {
    const program = new OneProgram();
    const ofToday = (): number => program.usesOf(PHOTOS)[A_DAY]![0]!;
    let seconds = START_HOUR * 3600 + 60;
    program.use(START_HOUR, PHOTOS);
    // Sixteenths next to one over the cube root of two, three and four.
    for (const counts of [13 / 16, 11 / 16, 10 / 16]) {
      const before = ofToday();
      program.useAgain((seconds += 600), PHOTOS);
      expect(ofToday() - before).toBe(counts);
    }
    program.useAgain(seconds + SESSION_GAP_SECONDS, PHOTOS);
    expect(ofToday()).toBe(4.125);
    program.use(START_HOUR + 4, PHOTOS);
    expect(ofToday()).toBe(5.125);
    expect(program.uses()[A_DAY]).toEqual([5.125, 0]);
    // Its calls, and what they took, count as its uses do: a row and a byte each, one added.
    const volume = 2 * Math.LN2;
    const { keys } = program.baselines.known;
    const key = keys.find(program.baselines.known.firstKey(program.slot), PHOTOS);
    const cells = keys.cellsOf(key).subarray(keyRow(key));
    const day = 2 * A_DAY * K_BLOCK;
    expect(cells[day + K_CALLS]).toBe(5.125);
    expect(cells[day + K_VOLUME]).toBeCloseTo(5.125 * volume, 5);
    expect(cells[K_SQUARES_TODAY]).toBeCloseTo(5.125 * volume ** 2, 4);
  });

  it('teach each use once, when its day is over, and forget half in two weeks', () => {
    const program = new OneProgram();
    const cells = program.baselines.known.programs.cellsOf(program.slot);
    for (let i = 0; i < 10; i++) program.use(START_HOUR + 9 + (i % 4), PHOTOS);
    expect(cells[P_LEARNED_USES]).toBe(0);
    program.use(START_HOUR + 24, PHOTOS);
    expect(cells[P_DAYS]).toBe(1);
    const learned = (uses: number): number => uses / (1 + uses * DAY_DISPERSION);
    expect(cells[P_LEARNED_USES]).toBeCloseTo(learned(10) * 0.5 ** (1 / HALF_LIFE_DAYS), 4);
    // The use of the second day is learned, then both fade over the silence.
    program.use(START_HOUR + 24 * (1 + HALF_LIFE_DAYS), PHOTOS);
    const left = (days: number): number =>
      learned(10) * 0.5 ** ((days + 1) / HALF_LIFE_DAYS) + learned(1) * 0.5 ** (days / HALF_LIFE_DAYS);
    // A silence that is not walked through may count for a day more.
    expect(cells[P_LEARNED_USES]!).toBeGreaterThan(left(HALF_LIFE_DAYS + 1) - 1e-3);
    expect(cells[P_LEARNED_USES]!).toBeLessThan(left(HALF_LIFE_DAYS) + 1e-3);
  });

  it('teach of a day of two thousand uses hardly more than of one of a hundred, so that no day is all that is known', () => {
    const learnedOf = (uses: number): number => {
      const program = new OneProgram();
      for (let i = 0; i < uses; i++) program.use(START_HOUR + 9, PHOTOS);
      program.use(START_HOUR + 24, PHOTOS);
      return program.baselines.known.programs.cellsOf(0)[P_LEARNED_USES]!;
    };
    expect(learnedOf(100)).toBeGreaterThan(3 * learnedOf(6));
    expect(learnedOf(2000)).toBeLessThan(1.25 * learnedOf(100));
  });

  it('cost no more for a silence of ten years than for one of four days', () => {
    const program = new OneProgram();
    for (let i = 0; i < 30; i++) program.use(START_HOUR, PHOTOS);
    program.use(START_HOUR + 24 * 3650, PHOTOS);
    const { programs } = program.baselines.known;
    expect(programs.numbersOf(program.slot)[numbersRow(program.slot) + P_HOUR]).toBe(START_HOUR + 24 * 3650);
    // Days that were walked through, and the one that was learned as it stood.
    expect(programs.cellsOf(program.slot)[programRow(program.slot) + P_DAYS]).toBeLessThanOrEqual(5);
    expect(programs.cellsOf(0)[P_LEARNED_USES]).toBeLessThan(1e-6);
    expect(program.uses()[2]).toEqual([1, 0]);
  });

  it('still take in what comes late while they hold its time, and judge it never', () => {
    const program = new OneProgram();
    for (const hour of [0, 1, 24, 30]) program.use(START_HOUR + hour, PHOTOS);
    program.use(START_HOUR + 29, PHOTOS);
    expect(program.baselines.score).toBe(0);
    expect(program.baselines.isLate).toBe(false);
    expect(program.uses()).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
    ]);
    program.use(START_HOUR + 1, PHOTOS);
    expect(program.uses()[2]).toEqual([3, 3]);
    program.use(START_HOUR - 1, PHOTOS);
    expect(program.baselines.isLate).toBe(true);
    expect(program.uses()[2]).toEqual([3, 3]);
    const cells = program.baselines.known.programs.cellsOf(program.slot);
    expect(cells[2 * 2 * P_BLOCK + P_CALLS]).toBe(3);
    expect(program.baselines.known.keys.cellsOf(0)[4 * K_BLOCK + K_CALLS]).toBe(3);
  });

  it('count what comes late as they count the rest: calls of one use, uses of one session, in the background, with what they take', () => {
    const inTime = new OneProgram();
    const late = new OneProgram();
    // The clock of somebody's phone is three hours ahead.
    late.use(START_HOUR + 3, CAMERA);
    for (const program of [inTime, late]) {
      program.use(START_HOUR, PHOTOS);
      for (let minute = 2; minute < 60; minute++)
        program.useAgain(START_HOUR * 3600 + 60 * minute, PHOTOS, { isForeground: false, rows: 9 });
    }
    expect(
      inTime
        .dayOf(PHOTOS)
        .slice(0, K_BLOCK)
        .some((amount) => amount === 0),
    ).toBe(false);
    expect(late.dayOf(PHOTOS)).toEqual(inTime.dayOf(PHOTOS));
    expect(late.uses()[A_DAY]![0]).toBe(inTime.uses()[A_DAY]![0]! + 1);
    // Yesterday's, of the same person: part of what was counted.
    late.useAgain((START_HOUR - 1) * 3600, PHOTOS);
    expect(late.dayOf(PHOTOS)[K_BLOCK + K_USES]).toBe(0);
  });

  it('still count where a program has more calls than a float can count one by one, and keep its shares', () => {
    const program = new OneProgram();
    for (const category of [PHOTOS, PHOTOS, PHOTOS, CAMERA]) program.use(START_HOUR, category);
    // Beyond 2^24 one more would be none.
    for (let doubled = 0; doubled < 30; doubled++) {
      program.multiply(2);
      const before = [program.uses(), program.usesOf(CAMERA)].map((scales) => scales.map(([filling]) => filling!));
      program.use(START_HOUR, PHOTOS);
      for (const [scale, max] of BLOCK_CALLS_MAX.entries()) {
        const [ofAll, ofCamera] = before.map((filling) => filling[scale]!) as [number, number];
        const times = ofAll + 1 >= max ? 0.5 : 1;
        expect(program.uses()[scale]).toEqual([(ofAll + 1) * times, 0]);
        expect(program.usesOf(CAMERA)[scale]).toEqual([ofCamera * times, 0]);
      }
    }
  });

  it('of a category that was last used in the block before lose nothing when the one that fills counts half', () => {
    const program = new OneProgram();
    program.use(START_HOUR - 1, CAMERA);
    program.use(START_HOUR, PHOTOS);
    program.multiply(2 ** 20);
    program.use(START_HOUR, PHOTOS);
    expect(program.uses()[2]).toEqual([(2 ** 20 + 1) / 2, 2 ** 20]);
    expect(program.usesOf(CAMERA)[2]).toEqual([0, 2 ** 20]);
  });
});
