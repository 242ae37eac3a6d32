import { describe, expect, it } from 'vitest';
import { CommonRate } from '../../../services/domain/baselines/common-rate.ts';
import { P_DAYS, P_EXPECTED, P_USES, programRow, ProgramRows } from '../../../services/domain/baselines/state/program-rows.ts';
import { ByteReader, ByteWriter } from '../../../services/domain/state/bytes.ts';

/** Hours of programs of which each is used so many times what is expected of it. */
function after(hours: number, programs: readonly { expected: number; times: number; days?: number }[]): CommonRate {
  const rows = new ProgramRows();
  const common = new CommonRate();
  for (const [i, { expected, times, days = 14 }] of programs.entries()) {
    const slot = rows.add(`wx${i}`);
    const [cells, at] = [rows.cellsOf(slot), programRow(slot)];
    cells[at + P_DAYS] = days;
    cells[at + P_EXPECTED] = expected;
    cells[at + P_USES] = expected * times;
  }
  for (let hour = 0; hour < hours; hour++) for (let slot = 0; slot < programs.length; slot++) common.learnHour(rows, slot);
  return common;
}

const many = (times: number): { expected: number; times: number }[] =>
  Array.from({ length: 40 }, (_, i) => ({ expected: 1 + (i % 7), times }));

describe('what all programs do beyond what is expected', () => {
  it('is nothing on a day as usual, and the logarithm of the ratio on a holiday', () => {
    expect(after(10, many(1)).logarithm).toBeCloseTo(0, 9);
    expect(after(10, many(2)).logarithm).toBeCloseTo(Math.LN2, 9);
    expect(after(10, many(0.5)).logarithm).toBeCloseTo(-Math.LN2, 9);
  });

  it('is hardly moved by one program, however large it is and whatever it does', () => {
    expect(Math.abs(after(10, [...many(1), { expected: 10_000, times: 50 }]).logarithm)).toBeLessThan(0.15);
  });

  it('is not known from a few hours, nor from programs whose week is not', () => {
    expect(after(1, many(2).slice(0, 3)).logarithm).toBe(0);
    expect(
      after(
        10,
        many(2).map((one) => ({ ...one, days: 3 })),
      ).logarithm,
    ).toBe(0);
  });

  it('is the same when written and read again', () => {
    const common = after(10, many(1.7));
    const out = new ByteWriter();
    common.write(out);
    const copy = new CommonRate();
    copy.restore(new ByteReader(out.written()));
    expect(copy.logarithm).toBe(common.logarithm);
  });
});
