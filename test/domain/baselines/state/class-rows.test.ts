import { describe, expect, it } from 'vitest';
import { C_CELLS, C_DAYS, ClassRows } from '../../../../services/domain/baselines/state/class-rows.ts';
import { ByteReader } from '../../../../services/domain/state/bytes.ts';
import { drawnPages } from '../../state/drawn-pages.ts';

const CLASSES_MAX = 1024;

function restored(classes: ClassRows): ClassRows {
  const copy = new ClassRows();
  for (const page of drawnPages(classes.pages)) copy.restore(new ByteReader(page));
  return copy;
}

describe('classes of programs', () => {
  it('keep their number', () => {
    const classes = new ClassRows();
    expect(['travel', 'office', 'travel'].map((name) => classes.numberOf(name))).toEqual([0, 1, 0]);
  });

  it('are told apart up to a limit; whoever makes up more shares one with all the others', () => {
    const classes = new ClassRows();
    const numbers = Array.from({ length: 5000 }, (_, i) => classes.numberOf(`class-${i}`));
    expect(new Set(numbers).size).toBe(CLASSES_MAX);
    expect(new Set(numbers.slice(CLASSES_MAX)).size).toBe(1);
    expect(classes.numberOf('class-7')).toBe(7);
    // The same after a restart, for names that were never kept.
    const copy = restored(classes);
    expect(copy.numberOf('class-4999')).toBe(numbers.at(-1));
    expect(copy.numberOf('class-7')).toBe(7);
  });

  it('are the same when written and read again', () => {
    const classes = new ClassRows();
    for (let i = 0; i < 40; i++) {
      const row = classes.row(classes.numberOf(`class-${i}`));
      for (let cell = 0; cell < C_CELLS; cell++) row[cell] = i + cell / 3;
    }
    const copy = restored(classes);
    for (let i = 0; i < 40; i++) expect(copy.row(copy.numberOf(`class-${i}`))).toEqual(classes.row(i));
    expect(copy.row(3)[C_DAYS]).toBe(3);
  });
});
