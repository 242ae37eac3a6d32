import { describe, expect, it } from 'vitest';
import { SHARE, SIBLINGS } from '../../../services/domain/baselines/features.ts';
import { PartitionKnowledge } from '../../../services/domain/baselines/partition-knowledge.ts';
import { judgeSiblings, SiblingSums, sumSiblings } from '../../../services/domain/baselines/siblings.ts';
import { Surprises } from '../../../services/domain/baselines/sighting.ts';
import {
  K_BLOCK,
  keyRow,
  K_DISPERSION,
  K_LEARNED,
  K_USES,
  MARK_SHARE,
} from '../../../services/domain/baselines/state/key-rows.ts';
import {
  P_BLOCK,
  P_DAYS,
  P_EXPECTED,
  P_HOUR,
  P_LEARNED_USES,
  P_USES,
  numbersRow,
  programRow,
} from '../../../services/domain/baselines/state/program-rows.ts';
import {
  EXCESS_FROM_NATS,
  SIBLING_EVIDENCE_MAX,
  SIBLING_NATS_A_NAT,
  SIBLINGS_FROM_NATS,
  SIBLINGS_LOOKED_AT_MAX,
  SIBLINGS_MIN,
} from '../../../services/domain/baselines/tuning.ts';
import { Random } from '../../reference/random.ts';
import { LOCATION, NOON, OneClass, PHOTOS, PROGRAMS } from './one-class.ts';

const HOUR = Date.UTC(2026, 2, 2, 12) / 3_600_000;

/** What programs of one developer say together of an hour. */
function togetherSay(known: PartitionKnowledge, slots: readonly number[]): number {
  const sums = new SiblingSums();
  sumSiblings(known, slots[0]!, slots, () => 0, HOUR, LOCATION, sums);
  const found = new Surprises();
  judgeSiblings(sums, found);
  return found.nats[SIBLINGS]!;
}

/** Programs of one developer; each has a fifth of its 400 learned uses in the category, and now so many of 40. */
function surpriseOf(usesNow: readonly number[]): number {
  const known = new PartitionKnowledge();
  known.classes.numberOf('food-delivery');
  const slots = usesNow.map((uses, i) => {
    const slot = known.addProgram(`wx${i}`);
    const key = known.keyOf(slot, LOCATION, HOUR);
    known.programs.numbersOf(slot)[numbersRow(slot) + P_HOUR] = HOUR;
    const program = known.programs.cellsOf(slot);
    program[programRow(slot) + P_LEARNED_USES] = 400;
    program[programRow(slot) + P_DAYS] = 14;
    const keys = known.keys.cellsOf(key);
    keys[keyRow(key) + K_LEARNED + K_USES] = 80;
    // Four-hour shares have hardly scattered more than coins.
    keys[keyRow(key) + K_DISPERSION + 2 * MARK_SHARE] = 10;
    keys[keyRow(key) + K_DISPERSION + 2 * MARK_SHARE + 1] = 1000;
    for (const scale of [1, 2]) {
      program[programRow(slot) + 2 * scale * P_BLOCK + P_USES] = 40;
      keys[keyRow(key) + 2 * scale * K_BLOCK + K_USES] = uses;
    }
    return slot;
  });
  return togetherSay(known, slots);
}

function fleet(members: number, uses: number, others: number, ordinary = 8): number[] {
  return [...Array.from({ length: members }, () => uses), ...Array.from({ length: others }, () => ordinary)];
}

describe('siblings whose share cannot grow', () => {
  it('are found by their rate, but not on a day when everybody is busier', () => {
    // Nine in ten uses are of the category anyway; of 18 expected in the day so far there are 54.
    const fleetOf = (isHoliday: boolean): number => {
      const known = new PartitionKnowledge();
      known.classes.numberOf('maps');
      const slots = Array.from({ length: 8 }, (_, i) => {
        const slot = known.addProgram(`wx${i}`);
        const key = known.keyOf(slot, LOCATION, HOUR);
        const program = known.programs.cellsOf(slot);
        const at = programRow(slot);
        known.programs.numbersOf(slot)[numbersRow(slot) + P_HOUR] = HOUR;
        program[at + P_LEARNED_USES] = 400;
        program[at + P_DAYS] = 14;
        known.keys.cellsOf(key)[keyRow(key) + K_LEARNED + K_USES] = 360;
        program[at + 4 * P_BLOCK + P_USES] = 60;
        program[at + 4 * P_BLOCK + P_EXPECTED] = 20;
        known.keys.cellsOf(key)[keyRow(key) + 4 * K_BLOCK + K_USES] = 54;
        return slot;
      });
      const others = Array.from({ length: 30 }, (_, i) => known.addProgram(`other${i}`));
      for (let hour = 0; hour < 8; hour++) {
        for (const slot of others) {
          const at = programRow(slot);
          const program = known.programs.cellsOf(slot);
          program[at + P_DAYS] = 14;
          program[at + P_EXPECTED] = 4;
          program[at + P_USES] = isHoliday ? 10 : 4;
          known.common.learnHour(known.programs, slot);
        }
      }
      return togetherSay(known, slots);
    };
    expect(fleetOf(false)).toBeGreaterThan(8);
    expect(fleetOf(true)).toBe(0);
  });
});

describe('siblings', () => {
  it('who all take a little more say together what none of them says', () => {
    expect(surpriseOf(fleet(12, 22, 0))).toBeGreaterThan(10);
    expect(surpriseOf(fleet(12, 8, 0))).toBe(0);
  });

  it('are not in it together when one of them alone, or two, take all', () => {
    expect(surpriseOf(fleet(1, 40, 11))).toBe(0);
    expect(surpriseOf(fleet(SIBLINGS_MIN - 1, 40, 10))).toBe(0);
  });

  it('say the more the more of them there are', () => {
    const surprises = [3, 6, 12, 24].map((members) => surpriseOf(fleet(members, 22, 24 - members)));
    for (let i = 1; i < surprises.length; i++) expect(surprises[i]!).toBeGreaterThan(surprises[i - 1]!);
  });

  it('who take less than they did never make others’ excess more', () => {
    expect(surpriseOf(fleet(6, 22, 12, 0))).toBeLessThanOrEqual(surpriseOf(fleet(6, 22, 12, 8)));
  });

  it('are looked at up to a limit, so that a developer with thousands costs no more', () => {
    const many = fleet(SIBLINGS_LOOKED_AT_MAX, 22, 0);
    expect(surpriseOf([...many, ...fleet(100, 40, 0)])).toBe(surpriseOf(many));
  });

  it('add no more than a bound each, so that one program’s incident is not its siblings’', () => {
    const three = surpriseOf(fleet(3, 40, 0));
    expect(three).toBeLessThanOrEqual(3 * SIBLING_EVIDENCE_MAX * SIBLING_NATS_A_NAT + 1e-9);
    expect(surpriseOf(fleet(3, 40, 9))).toBeLessThan(three);
  });

  it('who have nothing to do with each other rarely say anything together', () => {
    const random = new Random(9);
    const tries = 4000;
    const reached = (nats: number): number => surprises.filter((surprise) => surprise >= nats).length / tries;
    // Forty coins that show heads in one of five tosses, for each of twelve.
    const uses = (): number =>
      Array.from({ length: 40 }, () => (random.next() < 0.2 ? 1 : 0)).reduce((sum: number, one) => sum + one, 0);
    const surprises = Array.from({ length: tries }, () => surpriseOf(Array.from({ length: 12 }, uses)));
    expect(reached(1)).toBeLessThan(0.02);
    expect(reached(4)).toBeLessThan(0.002);
  });
});

describe('what siblings do', () => {
  it('is looked at for the other partitions before the program itself stands out so far as to be held against it', () => {
    const ofClass = new OneClass();
    const { baselines } = ofClass;
    const siblings = Array.from({ length: PROGRAMS }, (_, i) => i);
    const looked: { readonly nats: number; readonly isLookedAt: boolean; readonly siblings: number }[] = [];
    // All of them take a quarter instead of a tenth.
    for (let i = 0; i < 80; i++) {
      for (const program of siblings) {
        ofClass.see(program, i % 4 !== 3 ? LOCATION : PHOTOS, NOON + i * 90, { siblings, budget: 0.001 });
        if (i % 4 !== 3) continue;
        const { surprises } = baselines;
        looked.push({
          nats: surprises.nats[SHARE]!,
          isLookedAt: baselines.siblings.isCurrent,
          siblings: surprises.nats[SIBLINGS]!,
        });
      }
    }
    const between = looked.filter(({ nats }) => nats > EXCESS_FROM_NATS && nats < SIBLINGS_FROM_NATS);
    expect(between.length).toBeGreaterThan(0);
    expect(between.every(({ isLookedAt, siblings: told }) => isLookedAt && told === 0)).toBe(true);
    expect(looked.some(({ siblings: told }) => told > 0)).toBe(true);
  });
});
