/** Splits partitions into two shares of about as many records each: what is compared is the number of processes, not the traffic. */

/** The largest first, each to the share that has less so far. */
export function halves(records: readonly number[]): readonly [readonly number[], readonly number[]] {
  const shares: [number[], number[]] = [[], []];
  const sums = [0, 0];
  const largestFirst = records.map((count, partition) => ({ count, partition })).toSorted((a, b) => b.count - a.count);
  for (const { count, partition } of largestFirst) {
    const to = sums[0]! <= sums[1]! ? 0 : 1;
    shares[to]!.push(partition);
    sums[to]! += count;
  }
  return [shares[0].toSorted((a, b) => a - b), shares[1].toSorted((a, b) => a - b)];
}
