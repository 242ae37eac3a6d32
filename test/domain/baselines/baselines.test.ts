import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CATEGORIES, type Category } from '../../../schemas/codes.ts';
import { Baselines } from '../../../services/domain/baselines/baselines.ts';
import { REASON_OF_FEATURE, FEATURES } from '../../../services/domain/baselines/features.ts';
import { toldFeatures } from '../../../services/domain/baselines/explain.ts';
import { EPISODE_SECONDS } from '../../../services/domain/baselines/tuning.ts';
import { sightingOf } from './sighting-of.ts';

/** The last second of which a record may be (services/domain/record/time.ts). */
const SECONDS_MAX = 8_993_721_599;
const SAFE_MAX = Number.MAX_SAFE_INTEGER;
const PROGRAMS = 3;

/** Whatever the checks before let pass: any time that a record may have, backwards too, any volume, many or few users. */
const accesses = fc.array(
  fc.record({
    program: fc.nat(PROGRAMS - 1),
    category: fc.nat(CATEGORIES.length - 1),
    step: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(0, 1, 60, 300, 3600) },
      { weight: 2, arbitrary: fc.integer({ min: -200_000, max: 2_000_000 }) },
      fc.integer({ min: -SECONDS_MAX, max: SECONDS_MAX }),
    ),
    user: fc.nat(5),
    isForeground: fc.boolean(),
    rows: fc.oneof(fc.constantFrom(0, 1, SAFE_MAX), fc.integer({ min: 0, max: 1000 })),
    bytes: fc.oneof(fc.constantFrom(0, 48, SAFE_MAX), fc.integer({ min: 0, max: 1e6 })),
    isNewlyListed: fc.boolean(),
    isFreshlyListed: fc.boolean(),
    isLatelyListed: fc.boolean(),
    /** As often again: a burst. */
    times: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 60 })),
  }),
  { maxLength: 60 },
);

describe('whatever is seen', () => {
  it('has a score that is finite and the sum of its contributions, and alarms only from the threshold on', () => {
    fc.assert(
      fc.property(accesses, fc.constantFrom(1e-3, 0.2, 1), (told, budget) => {
        const baselines = new Baselines(() => 0);
        const { known } = baselines;
        known.classes.numberOf('unclassified');
        for (let i = 0; i < PROGRAMS; i++) known.addProgram(`wx${i}`);
        const lastAlarm = new Map<number, number>();
        let seconds = 1_772_400_000;
        for (const { step, times, user, program, ...rest } of told) {
          for (let time = 0; time < times; time++) {
            seconds = Math.min(SECONDS_MAX, Math.max(0, seconds + step));
            const hash = Uint32Array.of(user * 7919, time % 3);
            baselines.see(sightingOf({ ...rest, program, seconds }), hash, [0, 1, 2], budget);
            const { score, contributions, isAlarm, opensEpisode, threshold } = baselines;
            expect(Number.isFinite(score)).toBe(true);
            expect(contributions.every((amount) => amount >= 0)).toBe(true);
            expect(contributions.reduce((sum, amount) => sum + amount, 0)).toBe(score);
            if (opensEpisode) expect(isAlarm).toBe(true);
            if (!isAlarm) continue;
            expect(score).toBeGreaterThanOrEqual(threshold);
            const since = seconds - (lastAlarm.get(program) ?? Number.NEGATIVE_INFINITY);
            expect(opensEpisode).toBe(since >= EPISODE_SECONDS);
            lastAlarm.set(program, seconds);
            const reasons = toldFeatures(baselines).map((feature) => REASON_OF_FEATURE[FEATURES[feature]!]);
            expect(reasons.length).toBeGreaterThan(0);
            expect(new Set(reasons).size).toBe(reasons.length);
          }
        }
        const programs = Array.from({ length: known.programs.count }, (_, slot) => known.programs.cellsOf(slot));
        const keys = Array.from({ length: known.keys.count }, (_, key) => known.keys.cellsOf(key));
        for (const cells of [...programs, ...keys]) expect(cells.every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('costs no state for the network, and no score for navigation or APIs that nobody knows', () => {
    const baselines = new Baselines(() => 0);
    baselines.known.classes.numberOf('unclassified');
    const program = baselines.known.addProgram('wx1');
    const see = (category: Category, seconds: number): number => {
      const seen = sightingOf({ program, category: CATEGORIES.indexOf(category), seconds });
      baselines.see(seen, Uint32Array.of(1, 1), [], 0.5);
      return baselines.score;
    };
    for (let beat = 0; beat < 100; beat++) expect(see('network', 1000 + beat * 300)).toBe(0);
    expect(baselines.known.keys.count).toBe(0);
    for (let beat = 0; beat < 100; beat++) expect(see('navigation', 1000 + beat * 300)).toBe(0);
    for (let beat = 0; beat < 30; beat++) see('location', 100_000 + beat * 300);
    expect(baselines.score).toBeGreaterThan(0);
  });
});
