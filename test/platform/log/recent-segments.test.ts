import { describe, expect, test } from 'vitest';
import { decodeSegment, encodeSegments } from '../../../services/platform/log/segment.ts';
import { type RecentSegment, RecentSegments } from '../../../services/platform/log/sqlite/recent-segments.ts';

/** Ten records a segment, so the n-th begins at offset 10 n. */
function nth(n: number, partition = 0): RecentSegment {
  const [encoded] = encodeSegments(Array.from({ length: 10 }, (_, i) => Buffer.from(`record ${10 * n + i}`.padEnd(100, '.'))));
  const { data, count, valueBytes } = encoded!;
  return {
    stream: 'access',
    partition,
    base: 10 * n,
    count,
    valueBytes,
    appendedAtMs: 0,
    origin: 0,
    segment: decodeSegment(data),
  };
}
const basesFrom = (recent: RecentSegments, offset: number, partition = 0): number[] =>
  [...recent.from('access', partition, offset)].map(({ base }) => base);
const PLENTY = { bytesMax: 1e9, segmentsMax: 1e9 };

describe('recent segments', () => {
  test('are found from any offset that one of them holds', () => {
    const recent = new RecentSegments(PLENTY);
    for (let n = 3; n < 6; n++) recent.add(nth(n));
    expect(basesFrom(recent, 30)).toEqual([30, 40, 50]);
    expect(basesFrom(recent, 49)).toEqual([40, 50]);
    expect(basesFrom(recent, 29)).toEqual([]);
    expect(basesFrom(recent, 60)).toEqual([]);
    expect(basesFrom(recent, 30, 1)).toEqual([]);
  });

  test('end before a hole that another process filled', () => {
    const recent = new RecentSegments(PLENTY);
    for (const n of [1, 2, 4]) recent.add(nth(n));
    expect(basesFrom(recent, 10)).toEqual([10, 20]);
    expect(basesFrom(recent, 30)).toEqual([]);
    expect(basesFrom(recent, 40)).toEqual([40]);
  });

  test.each([
    { limit: 'segments', limits: { ...PLENTY, segmentsMax: 3 } },
    { limit: 'bytes', limits: { ...PLENTY, bytesMax: 3 * (10 * 100 + 40) } },
  ])('are the newest ones, of all partitions together, within a limit of $limit', ({ limits }) => {
    const recent = new RecentSegments(limits);
    for (let n = 0; n < 5; n++) recent.add(nth(n));
    recent.add(nth(0, 1));
    expect(basesFrom(recent, 29)).toEqual([]);
    expect(basesFrom(recent, 30)).toEqual([30, 40]);
    expect(basesFrom(recent, 0, 1)).toEqual([0]);
  });

  test('that were forgotten are gone, and do not count towards the limits any more', () => {
    const recent = new RecentSegments({ ...PLENTY, segmentsMax: 3 });
    recent.add(nth(0));
    recent.add(nth(0, 1));
    recent.forget('access', 0);
    for (let n = 1; n < 3; n++) recent.add(nth(n, 1));
    expect(basesFrom(recent, 0)).toEqual([]);
    expect(basesFrom(recent, 0, 1)).toEqual([0, 10, 20]);
  });
});
