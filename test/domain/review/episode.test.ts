import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Conclusions, type PlacedReview } from '../../../services/domain/review/conclusions.ts';
import { episodeOf, nameOf, placeNamed } from '../../../services/domain/review/episode.ts';
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

test('an episode has its reasons in the order of the contracts and what made its score largest first', () => {
  const row = {
    partition: 3,
    first_offset: '9007199254740991',
    program: 'wx1',
    class_name: 'games',
    start_ms: '100',
    last_ms: '300',
    results: '2',
    found: ['periodic_polling', 'rate_above_baseline', 'category_new_for_program', 'users_above_baseline'],
    top_score: 9.5,
    categories: ['contacts', 'location'],
    top_contributions: { rhythm: 2.5, rate: 6, users: 1 },
    top_offset: '9007199254740991',
  };
  expect(episodeOf(row)).toEqual({
    partition: 3,
    offset: 9_007_199_254_740_991,
    id: '3-9007199254740991',
    program: 'wx1',
    className: 'games',
    startMs: 100,
    lastMs: 300,
    results: 2,
    reasons: ['rate_above_baseline', 'users_above_baseline', 'category_new_for_program', 'periodic_polling'],
    categories: ['contacts', 'location'],
    score: 9.5,
    topOffset: 9_007_199_254_740_991,
    contributions: [
      { feature: 'rate', amount: 6 },
      { feature: 'rhythm', amount: 2.5 },
      { feature: 'users', amount: 1 },
    ],
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

  const notes = (program: string, startMs: number, lastMs: number): readonly string[] =>
    conclusions.allOf({ program, startMs, lastMs }).map(({ note }) => note);

  test('is the latest about any result of the episode', () => {
    expect(notes('a', 100, 300)).toEqual(['9', '8', '7']);
    expect(notes('a', 101, 300)).toEqual(['8', '7']);
    expect(notes('b', 0, 99)).toEqual([]);
    expect(notes('c', 0, 999)).toEqual([]);
  });
});
