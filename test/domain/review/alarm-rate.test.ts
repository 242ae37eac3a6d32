import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AlarmCounts, alarmRate } from '../../../services/domain/review/alarm-rate.ts';

const counts = (
  more: Partial<AlarmCounts> & { readonly right?: number; readonly wrong?: number; readonly fine?: number },
): AlarmCounts => ({
  byDisposition: { true_positive: more.right ?? 0, false_positive: more.wrong ?? 0, expected: more.fine ?? 0 },
  unreviewed: 0,
  programDays: 10_000,
  budget: 0.001,
  ...more,
});

describe('the measured rate', () => {
  test('is false episodes in 1,000 program-days, with what is not reviewed as the difference between least and most', () => {
    const { atLeast, atMost, budget, precision } = alarmRate(counts({ right: 5, wrong: 3, fine: 2, unreviewed: 7 }));
    expect(atLeast).toMatchObject({
      rate: expect.closeTo(0.3, 9),
      low: expect.closeTo(0.0619, 4),
      high: expect.closeTo(0.8767, 4),
    });
    expect(atMost).toMatchObject({ rate: expect.closeTo(1, 9), low: expect.closeTo(0.4795, 4), high: expect.closeTo(1.839, 3) });
    expect([budget, precision]).toEqual([1, expect.closeTo(0.7, 9)]);
  });

  test('is above the budget when its whole interval is, and within when not even all unreviewed ones would bring it above', () => {
    expect(alarmRate(counts({ wrong: 25 })).standing).toBe('above');
    expect(alarmRate(counts({ wrong: 12 })).standing).toBe('undecided');
    expect(alarmRate(counts({ wrong: 3 })).standing).toBe('within');
    expect(alarmRate(counts({ wrong: 3, unreviewed: 6 })).standing).toBe('undecided');
    expect(alarmRate(counts({ right: 100 })).standing).toBe('within');
  });

  test('is not above a budget of nothing as long as nothing was found false', () => {
    const counts = {
      byDisposition: { true_positive: 3, false_positive: 0, expected: 0 },
      unreviewed: 0,
      programDays: 1_000,
      budget: 0,
    };
    expect(alarmRate(counts).standing).toBe('undecided');
  });

  test('says nothing where there is nothing to say', () => {
    expect(alarmRate(counts({ programDays: 0 }))).toMatchObject({ atLeast: null, atMost: null, standing: null, precision: null });
    expect(alarmRate(counts({ budget: null })).standing).toBeNull();
    expect(alarmRate(counts({ unreviewed: 4 })).precision).toBeNull();
  });

  test('never comes down by a false episode, nor by one that nobody reviewed', () => {
    const few = fc.nat({ max: 500 });
    fc.assert(
      fc.property(few, few, fc.integer({ min: 1, max: 1e6 }), (wrong, unreviewed, programDays) => {
        const before = alarmRate(counts({ wrong, unreviewed, programDays }));
        const falser = alarmRate(counts({ wrong: wrong + 1, unreviewed, programDays }));
        const opener = alarmRate(counts({ wrong, unreviewed: unreviewed + 1, programDays }));
        expect(falser.atLeast!.rate).toBeGreaterThan(before.atLeast!.rate);
        expect(opener.atLeast).toEqual(before.atLeast);
        expect(opener.atMost!.high).toBeGreaterThan(before.atMost!.high);
        expect(before.atMost!.rate).toBeGreaterThanOrEqual(before.atLeast!.rate);
      }),
    );
  });
});
