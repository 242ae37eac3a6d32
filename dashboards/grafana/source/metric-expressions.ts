/**
 * PromQL that several panels need. It holds for both profiles: one process that has all metrics, and several scorers and writers, each
 * with those of its partitions. A partition that changes hands is for a moment in two of them, so what belongs to a partition is the
 * largest of those that say something about it, and only then added up.
 */

/** How fast something grows, per second, of all processes. */
export function rate(metric: string, by: readonly string[] = []): string {
  return `sum${byClause(by)}(rate(${metric}[$__rate_interval]))`;
}

/** By how much it grew within the time shown. */
export function grownInRange(metric: string, by: readonly string[] = []): string {
  return `sum${byClause(by)}(increase(${metric}[$__range]))`;
}

/** Of a histogram, over `window`. */
export function quantile(q: number, histogram: string, window = '$__rate_interval'): string {
  return `histogram_quantile(${q}, sum by (le) (rate(${histogram}_bucket[${window}])))`;
}

export function quantiles(histogram: string, window?: string): { expr: string; legend: string }[] {
  return [
    { expr: quantile(0.5, histogram, window), legend: 'half of them' },
    { expr: quantile(0.95, histogram, window), legend: '95 %' },
    { expr: quantile(0.99, histogram, window), legend: '99 %' },
  ];
}

function byClause(by: readonly string[]): string {
  return by.length === 0 ? ' ' : ` by (${by.join(', ')}) `;
}
