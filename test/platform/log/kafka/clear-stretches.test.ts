/** Offsets that are known to hold no record, and where a log begins for who counts records when they are removed. */
import { describe, expect, test } from 'vitest';
import { type ClearNote, clearNoteSchema, ClearStretches } from '../../../../services/platform/log/kafka/clear-stretches.ts';

/** With what is noted with the position of who judges, and how often that was asked for. */
function withNote(note: ClearNote | null): { clear: ClearStretches; asked: () => number } {
  let asked = 0;
  const clear = new ClearStretches(async () => {
    asked++;
    return note;
  });
  return { clear, asked: () => asked };
}

describe('what was read', () => {
  test('is gone round: the next record lies behind it at the earliest', () => {
    const clear = new ClearStretches();
    clear.seen({ from: 10, to: 13 });
    expect([9, 10, 12, 13].map((offset) => clear.behind(offset))).toEqual([9, 13, 13, 13]);
  });

  test('is forgotten for what was read later, but not for nothing', () => {
    const clear = new ClearStretches();
    clear.seen({ from: 10, to: 13 });
    clear.seen({ from: 20, to: 20 });
    expect(clear.behind(10)).toBe(13);
    clear.seen({ from: 20, to: 22 });
    expect([10, 20].map((offset) => clear.behind(offset))).toEqual([10, 22]);
  });

  test('goes with a position that stands at its beginning or within', () => {
    const clear = new ClearStretches();
    clear.seen({ from: 10, to: 13 });
    expect([9, 10, 12].map((offset) => clear.at(offset))).toEqual([[], [{ from: 10, to: 13 }], [{ from: 10, to: 13 }]]);
  });
});

describe('a log whose beginning was removed', () => {
  test.each([
    [10, 10],
    [11, 10],
    [13, 10],
    [14, 14],
  ])('up to %i begins at %i where 10 to 13 held no record', async (start, begin) => {
    const { clear, asked } = withNote(null);
    clear.seen({ from: 10, to: 13 });
    expect(await clear.begin(start)).toBe(begin);
    expect(asked()).toBe(begin === 10 && start > 10 ? 0 : 1);
  });

  test('begins where it did although something else was read since', async () => {
    const { clear } = withNote(null);
    clear.seen({ from: 10, to: 13 });
    await clear.begin(13);
    clear.seen({ from: 20, to: 22 });
    expect(await clear.begin(13)).toBe(10);
    expect(clear.behind(10)).toBe(13);
    expect(clear.at(21)).toEqual([
      { from: 20, to: 22 },
      { from: 10, to: 13 },
    ]);
  });

  test('begins where the position says, for a process that has read nothing of it', async () => {
    const { clear, asked } = withNote({
      offset: 10,
      clear: [
        { from: 4, to: 6 },
        { from: 10, to: 13 },
      ],
    });
    expect(await clear.begin(13)).toBe(10);
    expect(await clear.begin(13)).toBe(10);
    expect(asked()).toBe(1);
  });

  test('is asked for again only where more may become known: as long as the position stands before', async () => {
    const before = withNote({ offset: 10, clear: [] });
    for (let times = 0; times < 3; times++) expect(await before.clear.begin(13)).toBe(13);
    expect(before.asked()).toBe(3);
    const behind = withNote({ offset: 13, clear: [] });
    for (let times = 0; times < 3; times++) expect(await behind.clear.begin(13)).toBe(13);
    expect(behind.asked()).toBe(1);
    const nobody = withNote(null);
    for (let times = 0; times < 2; times++) expect(await nobody.clear.begin(13)).toBe(13);
    expect(nobody.asked()).toBe(2);
  });
});

test('a position of an earlier release, or with stretches that are none, says nothing of them', () => {
  expect(clearNoteSchema.parse({ offset: 5, note: '' })).toEqual({ offset: 5, clear: [] });
  expect(clearNoteSchema.parse({ offset: 5, clear: [{ from: -1, to: 2 }] })).toEqual({ offset: 5, clear: [] });
  expect(clearNoteSchema.safeParse({ offset: -1 }).success).toBe(false);
});
