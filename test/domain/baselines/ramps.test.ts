import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CATEGORIES } from '../../../schemas/codes.ts';
import { RAMP } from '../../../services/domain/baselines/features.ts';
import { PartitionKnowledge } from '../../../services/domain/baselines/partition-knowledge.ts';
import { forgetRamp, judgeRamp, learnRamp } from '../../../services/domain/baselines/ramps.ts';
import { Surprises } from '../../../services/domain/baselines/sighting.ts';
import { keyRow, K_LEARNED, K_RAMP, K_USES } from '../../../services/domain/baselines/state/key-rows.ts';
import { P_DAYS, P_LEARNED_USES, programRow } from '../../../services/domain/baselines/state/program-rows.ts';
import { evidentFrom, oddsEvidence } from '../../../services/domain/baselines/surprise.ts';
import { RAMP_DAYS, RAMP_NATS_MAX, RAMP_ODDS } from '../../../services/domain/baselines/tuning.ts';
import { Random } from '../../reference/random.ts';
import { sightingOf } from './sighting-of.ts';

const LOCATION = CATEGORIES.indexOf('location');
const USUAL = 0.2;
const BLOCKS_A_DAY = 6;

class OneKey {
  readonly known = new PartitionKnowledge();
  readonly program = this.known.addProgram('wx1');
  readonly key = this.known.keyOf(this.program, LOCATION, 490_000);

  constructor(days = 14) {
    this.known.programs.cellsOf(this.program)[programRow(this.program) + P_DAYS] = days;
  }

  get sum(): number {
    return this.known.keys.cellsOf(this.key)[keyRow(this.key) + K_RAMP]!;
  }

  /** A day of `uses` in six blocks, of which about `share` are of the category. */
  day(share: number, uses: number, random?: Random): void {
    const n = uses / BLOCKS_A_DAY;
    for (let block = 0; block < BLOCKS_A_DAY; block++) {
      let x = share * n;
      if (random !== undefined) {
        x = 0;
        for (let i = 0; i < n; i++) if (random.next() < share) x++;
      }
      learnRamp(this.known, this.program, this.key, x, n, USUAL);
    }
  }

  /** Nats of the ramp at an access now. */
  judged(): number {
    const found = new Surprises();
    const seen = sightingOf({ program: this.program, category: LOCATION, seconds: 0 });
    judgeRamp(this.known, this.key, seen, USUAL, found);
    return found.nats[RAMP]!;
  }
}

describe('evidence for higher odds', () => {
  it('is positive from a share on that lies between the expected one and the one it is held against', () => {
    const p = fc.double({ min: 0.001, max: 0.99, noNaN: true });
    const ratio = fc.double({ min: 1.1, max: 20, noNaN: true });
    fc.assert(
      fc.property(p, ratio, fc.double({ min: 0, max: 1, noNaN: true }), (expected, odds, seen) => {
        const from = evidentFrom(expected, odds);
        const higher = (odds * expected) / (1 + expected * (odds - 1));
        expect(from).toBeGreaterThan(expected);
        expect(from).toBeLessThan(higher);
        if (Math.abs(seen - from) > 1e-6) expect(oddsEvidence(seen * 100, 100, expected, odds) > 0).toBe(seen > from);
      }),
    );
  });
});

describe('a share over days', () => {
  it('that doubles every two days is a ramp, although no day of it is far from the one before', () => {
    const key = new OneKey();
    for (const share of [0.2, 0.28, 0.4, 0.55, 0.7]) key.day(share, 60);
    expect(key.sum).toBeGreaterThan(12);
    expect(key.judged()).toBeGreaterThanOrEqual(key.sum);
  });

  it('that scatters as chance does is none, in a year', () => {
    const key = new OneKey();
    const random = new Random(4);
    let most = 0;
    for (let day = 0; day < 365; day++) {
      key.day(USUAL, 60, random);
      most = Math.max(most, key.sum);
    }
    expect(most).toBeLessThan(6);
  });

  it('that has drifted up by a third and stays there is none', () => {
    const key = new OneKey();
    for (let day = 0; day < 60; day++) key.day(USUAL * 1.33, 600);
    expect(key.sum).toBe(0);
  });

  it('that is all a program ever does is none in a year, although its class does other things', () => {
    const key = new OneKey();
    key.known.programs.cellsOf(key.program)[programRow(key.program) + P_LEARNED_USES] = 60;
    key.known.keys.cellsOf(key.key)[keyRow(key.key) + K_LEARNED + K_USES] = 60;
    const expected = (60 + 12 * USUAL) / (60 + 12);
    for (let day = 0; day < 365; day++)
      for (let block = 0; block < BLOCKS_A_DAY; block++) learnRamp(key.known, key.program, key.key, 3, 3, expected);
    expect(key.sum).toBe(0);
    expect(key.judged()).toBe(0);
  });

  it('is forgotten in about as many ordinary days, and kept within bounds whatever comes', () => {
    const key = new OneKey();
    for (let day = 0; day < 30; day++) key.day(0.95, 6000);
    expect(key.sum).toBe(RAMP_NATS_MAX);
    for (let day = 0; day < 30; day++) key.day(USUAL, 600);
    expect(key.sum).toBe(0);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(500), fc.nat(500)), { maxLength: 50 }), (blocks) => {
        const one = new OneKey();
        for (const [a, b] of blocks) {
          learnRamp(one.known, one.program, one.key, Math.min(a, b), Math.max(a, b, 2), USUAL);
          expect(one.sum).toBeGreaterThanOrEqual(0);
          expect(one.sum).toBeLessThanOrEqual(RAMP_NATS_MAX);
        }
      }),
    );
  });

  it('of a program of less than some days is none yet, nor what was new', () => {
    const young = new OneKey(RAMP_DAYS - 1);
    for (let day = 0; day < 3; day++) young.day(0.9, 60);
    expect(young.judged()).toBe(0);
    expect(young.sum).toBe(0);
    const key = new OneKey();
    key.day(0.9, 60);
    forgetRamp(key.known, key.key);
    expect(key.judged()).toBe(0);
  });

  it('is held against odds that an honest drift does not reach', () => {
    expect(evidentFrom(USUAL, RAMP_ODDS)).toBeGreaterThan(1.5 * USUAL);
  });
});
