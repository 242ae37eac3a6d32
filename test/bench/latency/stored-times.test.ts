import { describe, expect, it } from 'vitest';
import { percentile } from './percentile.ts';
import { StoredTimes } from './stored-times.ts';

const place = (partition: number, baseOffset: string) => ({ topicName: 't', partition, baseOffset, errorCode: 0 });
const to = (...partitions: number[]) => partitions.map((partition) => ({ partition }));

describe('the time at which an access is stored', () => {
  it('is that of the first answer that covers its offset', () => {
    const stored = new StoredTimes(2, 4);
    // Acknowledged out of order: the second send first.
    stored.appended(3, to(0), [place(0, '12')]);
    stored.appended(0, to(0, 1, 0), [place(0, '10'), place(1, '5')]);
    stored.answered(new Map([[0, 11]]), 100);
    stored.answered(
      new Map([
        [0, 12],
        [1, 6],
      ]),
      200,
    );
    stored.answered(
      new Map([
        [0, 12],
        [1, 6],
      ]),
      300,
    );
    expect([...stored.atMs]).toEqual([100, 200, 200, Number.NaN]);
    expect(stored.known).toBe(3);
  });
});

describe('a percentile', () => {
  it('is a value that was measured, of which so many are not larger', () => {
    const sorted = Array.from({ length: 100 }, (_, i) => i + 1);
    expect([0, 0.5, 0.99, 1].map((share) => percentile(sorted, share))).toEqual([1, 50, 99, 100]);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([], 0.5)).toBeNaN();
  });
});
