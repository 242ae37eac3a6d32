import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Conclusions, type PlacedReview } from '../../../services/domain/review/conclusions.ts';
import { nameOf, placeNamed } from '../../../services/domain/review/episode.ts';
import { hostileText } from '../../platform/warehouse/hostile-rows.ts';

describe('the name of an episode', () => {
  test('is read as it is written', () => {
    fc.assert(
      fc.property(fc.nat({ max: 65_535 }), fc.maxSafeNat(), (partition, offset) => {
        expect(placeNamed(nameOf({ partition, offset }))).toEqual({ partition, offset });
      }),
    );
  });

  test('is written in one way only', () => {
    fc.assert(
      fc.property(fc.oneof(hostileText, fc.stringMatching(/^[0-9-]{1,24}$/)), (text) => {
        const place = placeNamed(text);
        if (place !== null) expect(nameOf(place)).toBe(text);
      }),
    );
    for (const text of ['', '3', '3-', '-3', '3-04', '03-4', '3--4', '3-9007199254740992', ' 3-4', '3-4\n'])
      expect(placeNamed(text)).toBeNull();
  });
});

describe('what counts of several reviews', () => {
  const review = (offset: number, program: string, rowAtMs: number): PlacedReview => ({
    program,
    about: { partition: 0, offset: 1 },
    disposition: 'expected',
    by: '',
    note: String(offset),
    offset,
    appendedAtMs: 0,
    rowAtMs,
  });
  const conclusions = new Conclusions([
    review(7, 'a', 200),
    review(9, 'a', 100),
    review(12, 'b', 100),
    review(8, 'a', 300),
    review(20, 'a', 301),
  ]);

  test('is the latest about any result of the episode', () => {
    expect(conclusions.of({ program: 'a', startMs: 100, lastMs: 300 })?.note).toBe('9');
    expect(conclusions.of({ program: 'a', startMs: 101, lastMs: 300 })?.note).toBe('8');
    expect(conclusions.of({ program: 'b', startMs: 0, lastMs: 99 })).toBeNull();
    expect(conclusions.of({ program: 'c', startMs: 0, lastMs: 999 })).toBeNull();
  });
});
