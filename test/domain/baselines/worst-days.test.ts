import { describe, expect, it } from 'vitest';
import { RAMP, SHARE, USERS } from '../../../services/domain/baselines/features.ts';
import { PartitionKnowledge } from '../../../services/domain/baselines/partition-knowledge.ts';
import { P_ALARMED, P_DAYS, P_TOP_SCORE, P_WORST, programRow } from '../../../services/domain/baselines/state/program-rows.ts';
import { learnWorst } from '../../../services/domain/baselines/worst-days.ts';

const OTHERS = 200;

/** A partition of programs without surprises, and one whose days are told. */
class Platform {
  readonly known = new PartitionKnowledge();
  readonly slot = this.known.addProgram('wx1');
  readonly #others = Array.from({ length: OTHERS }, (_, i) => this.known.addProgram(`other${i}`));

  constructor() {
    for (let day = 0; day < 10; day++) this.day(this.slot, SHARE, 0);
    for (const other of this.#others) for (let day = 0; day < 10; day++) this.day(other, SHARE, 0);
    this.known.refresh();
  }

  day(slot: number, feature: number, nats: number, isAlarmed = false, score = 0): void {
    const program = this.known.programs.cellsOf(slot);
    const at = programRow(slot);
    program[at + P_DAYS] = 14;
    program[at + P_WORST + feature] = nats;
    program[at + P_TOP_SCORE] = score;
    program[at + P_ALARMED] = isAlarmed ? 1 : 0;
    learnWorst(this.known, slot);
    program[at + P_WORST + feature] = 0;
  }

  /** How much of an e-fold a surprise of so many nats is, when that was taken up. */
  foldsOf(feature: number, nats: number): number {
    this.known.refresh();
    return this.known.calibrations[feature]!.folds(nats);
  }
}

describe('days beyond what is ordinary', () => {
  it('that follow on each other count once: what goes on for three weeks does not make itself ordinary', () => {
    const inARow = new Platform();
    for (let day = 0; day < 21; day++) inARow.day(inARow.slot, USERS, 20);
    const once = new Platform();
    once.day(once.slot, USERS, 20);
    for (let day = 0; day < 20; day++) once.day(once.slot, USERS, 0);
    expect(inARow.foldsOf(USERS, 15)).toBeCloseTo(once.foldsOf(USERS, 15), 1);
    const apart = new Platform();
    for (let day = 0; day < 42; day++) apart.day(apart.slot, USERS, day % 2 === 0 ? 20 : 0);
    expect(apart.foldsOf(USERS, 15)).toBeLessThan(inARow.foldsOf(USERS, 15) - 0.5);
  });

  it('of a ramp count as what they came to', () => {
    const ramp = new Platform();
    for (let day = 1; day <= 21; day++) ramp.day(ramp.slot, RAMP, 3 + day);
    const atOnce = new Platform();
    atOnce.day(atOnce.slot, RAMP, 24);
    for (let day = 0; day < 20; day++) atOnce.day(atOnce.slot, RAMP, 0);
    for (const nats of [5, 10, 20]) expect(ramp.foldsOf(RAMP, nats)).toBeCloseTo(atOnce.foldsOf(RAMP, nats), 1);
  });

  it('that alarmed count as ordinary, and end what went before', () => {
    const alarmed = new Platform();
    for (let day = 0; day < 40; day++) alarmed.day(alarmed.slot, USERS, 20, true);
    const quiet = new Platform();
    for (let day = 0; day < 40; day++) quiet.day(quiet.slot, USERS, 0);
    expect(alarmed.foldsOf(USERS, 15)).toBeCloseTo(quiet.foldsOf(USERS, 15), 1);
  });

  it('of the score count once as well, so that one program hardly moves the threshold', () => {
    const budget = 1e-3;
    const thresholdOf = (days: readonly number[]): number => {
      const platform = new Platform();
      platform.known.threshold = 14;
      for (const score of days) platform.day(platform.slot, SHARE, 0, false, score);
      platform.known.refresh();
      return platform.known.scores.at(budget);
    };
    const inARow = thresholdOf(Array.from({ length: 60 }, () => 9));
    const apart = thresholdOf(Array.from({ length: 120 }, (_, day) => (day % 2 === 0 ? 9 : 0)));
    expect(inARow).toBeLessThan(apart);
    expect(inARow).toBe(thresholdOf([9, ...Array.from({ length: 59 }, () => 0)]));
  });
});
