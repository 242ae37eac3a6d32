/** What a report that leaves the house rests on: which ranges of the log, with which hashes, judged by which policies. */

export interface CertifiedPartition {
  readonly partition: number;
  /** Source offsets that the ledger covers, from (included) to (not). */
  readonly first: number;
  readonly next: number;
  /** Ledger entries of results, and of what was accepted as lost. */
  readonly blocks: number;
  readonly gaps: number;
  readonly accesses: number;
  /** SHA-256, hexadecimal, chained over every row and over every ledger entry up to `next`. */
  readonly rowsHash: string;
  readonly entryHash: string;
}

export interface CertifiedPolicy {
  /** Of the canonical policy, 16 hexadecimal digits. */
  readonly hash: string;
  /** Null when the log is not at hand, or no longer reaches back to it. */
  readonly published: { readonly version: string; readonly by: string; readonly at: string } | null;
  /** Accesses of the report that were judged by it, and when the first and the last of them arrived (RFC 3339). */
  readonly accesses: number;
  readonly firstArrival: string;
  readonly lastArrival: string;
}

/** Policies that a certificate lists, the earliest first. */
export const CERTIFIED_POLICIES_MAX = 100;

/** How many accesses happened in one stretch of time. */
export interface PeriodCount {
  /** Where it begins, milliseconds since 1970. */
  readonly startMs: number;
  readonly accesses: number;
  readonly intercepted: number;
  readonly wouldHave: number;
}

export const PERIODS = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const;
export type Period = (typeof PERIODS)[number];

export interface ReportCertificate {
  readonly logId: string;
  /** Versions of the fold, ascending. */
  readonly engines: readonly number[];
  readonly partitions: readonly CertifiedPartition[];
  readonly policies: readonly CertifiedPolicy[];
  /** Event times of the first and the last access counted; null when there is none. */
  readonly span: { readonly firstMs: number; readonly lastMs: number } | null;
  /** Accesses counted that the simulator made up. */
  readonly simulated: number;
  readonly timeline: { readonly period: Period; readonly counts: readonly PeriodCount[] };
}

const MINUTE_MS = 60_000;
/** Longest span that is counted by each period: so many bars fit across a page. */
const SPAN_MS_MAX: Readonly<Record<Period, number>> = {
  minute: 60 * MINUTE_MS,
  hour: 48 * 60 * MINUTE_MS,
  day: 62 * 1440 * MINUTE_MS,
  week: 62 * 7 * 1440 * MINUTE_MS,
  month: 62 * 31 * 1440 * MINUTE_MS,
  year: Number.POSITIVE_INFINITY,
};

/** The finest period that gives few enough bars. */
export function periodFor(span: ReportCertificate['span']): Period {
  const spanMs = span === null ? 0 : span.lastMs - span.firstMs;
  return PERIODS.find((period) => spanMs <= SPAN_MS_MAX[period])!;
}
