import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedUses, HOURS_AVERAGED, hourOfWeek } from '../../../services/domain/baselines/season.ts';
import { C_CELLS, C_SHAPE, C_SHAPES } from '../../../services/domain/baselines/state/class-rows.ts';
import { P_DAYS_SEEN, P_MEAN_HOUR, ProgramRows } from '../../../services/domain/baselines/state/program-rows.ts';

const MONDAY = Date.UTC(2026, 2, 2) / 3_600_000;

describe('the hour of the week', () => {
  it('is one of 24 on working days and another of 24 at the weekend', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (hour) => {
        const day = new Date(hour * 3_600_000).getUTCDay();
        expect(hourOfWeek(hour)).toBe((day === 0 || day === 6 ? 24 : 0) + new Date(hour * 3_600_000).getUTCHours());
      }),
    );
  });
});

describe('the uses that are expected of an hour', () => {
  const unknownClass = new Float64Array(C_CELLS);

  it('are the mean of the program before its hours are known', () => {
    const programs = new ProgramRows();
    programs.add('wx1');
    const cells = programs.cellsOf(0);
    cells[P_MEAN_HOUR] = 5;
    expect(expectedUses(programs, 0, unknownClass, MONDAY + 10)).toBeCloseTo(5, 5);
  });

  it('follow the shape of the class then, where there is one', () => {
    const programs = new ProgramRows();
    programs.add('wx1');
    const cells = programs.cellsOf(0);
    cells[P_MEAN_HOUR] = 5;
    const office = new Float64Array(C_CELLS);
    office[C_SHAPES] = 10;
    for (let hour = 0; hour < 48; hour++) office[C_SHAPE + hour] = hour === 10 ? 10 * (2 / 24) : 10 * (0.5 / 24);
    expect(expectedUses(programs, 0, office, MONDAY + 10)).toBeCloseTo(10, 5);
    expect(expectedUses(programs, 0, office, MONDAY + 3)).toBeCloseTo(2.5, 5);
  });

  it('come to be the program’s own with the days, and are never nothing', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 500, noNaN: true }), fc.integer({ min: 0, max: 40 }), (own, days) => {
        const programs = new ProgramRows();
        programs.add('wx1');
        const cells = programs.cellsOf(0);
        cells[P_MEAN_HOUR] = 5;
        programs.setUsesOfHour(0, 10, own);
        cells[P_DAYS_SEEN] = days;
        const expected = expectedUses(programs, 0, unknownClass, MONDAY + 10);
        expect(expected).toBeGreaterThan(0);
        const [low, high] = [Math.min(5, own), Math.max(5, own)];
        expect(expected).toBeGreaterThanOrEqual(low * 0.998 - 1e-3);
        expect(expected).toBeLessThanOrEqual(high * 1.002 + 1e-3);
        if (days >= HOURS_AVERAGED && own > 1) expect(Math.abs(expected / own - 1)).toBeLessThan(1);
        // At another hour of the working day nothing is known of this one.
        expect(expectedUses(programs, 0, unknownClass, MONDAY + 5 * 24 + 10)).toBeCloseTo(5, 5);
      }),
    );
  });
});
