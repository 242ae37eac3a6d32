import { expect, test } from 'vitest';
import { NO_KEY } from '../../../../services/domain/baselines/state/key-rows.ts';
import {
  P_FIRST_KEY,
  P_RAMP_MOST,
  P_USES,
  numbersRow,
  programRow,
  ProgramRows,
} from '../../../../services/domain/baselines/state/program-rows.ts';
import { ByteReader } from '../../../../services/domain/state/bytes.ts';
import { drawnPages } from '../../state/drawn-pages.ts';

/** More than two pieces, and a page that is not full. */
const PROGRAMS = 600;

function filled(): ProgramRows {
  const programs = new ProgramRows();
  for (let slot = 0; slot < PROGRAMS; slot++) {
    programs.add(`wx${slot}`);
    programs.cellsOf(slot)[programRow(slot) + P_USES] = slot + 0.5;
    programs.cellsOf(slot)[programRow(slot) + P_RAMP_MOST] = slot + 0.25;
    programs.numbersOf(slot)[numbersRow(slot) + P_FIRST_KEY] = slot * 1_000;
    programs.setUsesOfHour(slot, slot % 48, slot ** 2);
    programs.setHint(slot, slot % 40, slot + 7);
  }
  return programs;
}

/** All that is known of a program. */
function known(programs: ProgramRows, slot: number): unknown {
  return {
    id: programs.id(slot),
    uses: programs.cellsOf(slot)[programRow(slot) + P_USES],
    ramp: programs.cellsOf(slot)[programRow(slot) + P_RAMP_MOST],
    firstKey: programs.numbersOf(slot)[numbersRow(slot) + P_FIRST_KEY],
    hours: Array.from({ length: 48 }, (_, hour) => programs.usesOfHour(slot, hour)),
  };
}

test('programs come back from their pages as they were, however many there are', () => {
  const programs = filled();
  const again = new ProgramRows();
  const restored = drawnPages(programs.pages).flatMap((page) => again.restore(new ByteReader(page)));
  expect(restored.at(-1)).toBe(PROGRAMS);
  for (let slot = 0; slot < PROGRAMS; slot++) {
    expect(known(again, slot)).toEqual(known(programs, slot));
    expect(known(again, slot)).toMatchObject({ id: `wx${slot}`, uses: slot + 0.5, ramp: slot + 0.25, firstKey: slot * 1_000 });
  }
});

test('a hint is its program’s own, and never of another category', () => {
  const programs = filled();
  for (let slot = 0; slot < PROGRAMS; slot++) {
    for (let category = 0; category < 40; category++)
      expect(programs.hint(slot, category)).toBe(category === slot % 40 ? slot + 7 : NO_KEY);
  }
});

test('a row stays where it is when others come', () => {
  const programs = new ProgramRows();
  programs.add('wx');
  const [cells, numbers] = [programs.cellsOf(0), programs.numbersOf(0)];
  for (let i = 0; i < PROGRAMS; i++) programs.add(`wx${i}`);
  expect(programs.cellsOf(0)).toBe(cells);
  expect(programs.numbersOf(0)).toBe(numbers);
});
