/** Splits partitions into two shares of about as many records each: what is compared is the number of processes, not the traffic. */

/** The largest first, each to the share that has less so far. */
export function halves(records: readonly number[]): readonly [readonly number[], readonly number[]] {
  const [one, other]: [number[], number[]] = [[], []];
  let ahead = 0;
  const largestFirst = records.map((count, partition) => ({ count, partition })).toSorted((a, b) => b.count - a.count);
  for (const { count, partition } of largestFirst) {
    if (ahead <= 0) one.push(partition);
    else other.push(partition);
    ahead += ahead <= 0 ? count : -count;
  }
  return [one.toSorted((a, b) => a - b), other.toSorted((a, b) => a - b)];
}
