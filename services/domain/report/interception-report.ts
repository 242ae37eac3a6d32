/** Puts the interception report together from what the queries answer (contracts.md section 6). */
import type { InterceptionReport } from '../../../schemas/report/interceptions.ts';

/** A live record arrives at most so long after its time (contracts.md section 1): then nothing more can come in for it. */
const SETTLED_AFTER_US = 7 * 86_400 * 1_000_000;

export interface HeadlineRow {
  readonly accesses: string;
  readonly allow: string;
  readonly flag: string;
  readonly throttle: string;
  readonly intercept: string;
  readonly programs: string;
  readonly users: string;
  readonly prevented: string;
  readonly already_refused: string;
  readonly late: string;
  readonly would_attempts: string;
  readonly would_programs: string;
}

export interface BreakdownRow {
  readonly name: string;
  readonly attempts: string;
  readonly programs: string;
}

export interface LedgerSums {
  readonly accesses: string;
  readonly duplicates: string;
  readonly facts: string;
  readonly rejected: string;
  readonly live_records: string;
  readonly erasures: string;
}

export interface ReportParts {
  readonly fromUs: number;
  readonly toUs: number;
  readonly asOfMs: number;
  readonly headline: HeadlineRow;
  readonly byReason: readonly BreakdownRow[];
  readonly byCategory: readonly BreakdownRow[];
  readonly byClass: readonly BreakdownRow[];
  readonly topPrograms: readonly { readonly program: string; readonly attempts: string }[];
  readonly ledger: LedgerSums;
  /** Accepted gaps of the log, as of its positions. */
  readonly gaps: NonNullable<InterceptionReport['quality']['gaps']>;
  readonly rowsStored: number;
  /** The ledger has an entry for every offset up to the positions, and the log, where it is at hand, reaches so far. */
  readonly isLedgerWhole: boolean;
  /** Records of the log, as noted when the report began, that are not stored yet. */
  readonly unwritten: number;
}

export function interceptionReport(parts: ReportParts): InterceptionReport {
  const { headline, ledger, gaps, rowsStored, isLedgerWhole, unwritten } = parts;
  const isHistory = Number(ledger.live_records) === 0;
  const hasAllRows =
    rowsStored === Number(ledger.accesses) || (Number(ledger.erasures) > 0 && rowsStored < Number(ledger.accesses));
  return {
    from: isoOf(parts.fromUs),
    to: isoOf(parts.toUs),
    asOf: new Date(parts.asOfMs).toISOString(),
    settled: (isHistory && unwritten === 0) || parts.asOfMs * 1000 >= parts.toUs + SETTLED_AFTER_US,
    intercepted: {
      attempts: Number(headline.intercept),
      programs: Number(headline.programs),
      users: Number(headline.users),
      prevented: Number(headline.prevented),
      alreadyRefused: Number(headline.already_refused),
      late: Number(headline.late),
    },
    wouldHaveBeenIntercepted: { attempts: Number(headline.would_attempts), programs: Number(headline.would_programs) },
    accesses: Number(headline.accesses),
    byVerdict: {
      allow: Number(headline.allow),
      flag: Number(headline.flag),
      throttle: Number(headline.throttle),
      intercept: Number(headline.intercept),
    },
    byReason: parts.byReason.map((row) => ({ reason: row.name, ...countsOf(row) })),
    byCategory: parts.byCategory.map((row) => ({ category: row.name, ...countsOf(row) })),
    byClass: parts.byClass.map((row) => ({ class: row.name, ...countsOf(row) })),
    topPrograms: parts.topPrograms.map(({ program, attempts }) => ({ program, attempts: Number(attempts) })),
    quality: {
      recordsRead: Number(ledger.rejected) + Number(ledger.duplicates) + Number(ledger.facts) + Number(ledger.accesses),
      duplicates: Number(ledger.duplicates),
      rejected: Number(ledger.rejected),
      rowsStored,
      unwritten,
      // A lost record may have been of any time, and a lost fact may change any verdict behind it: the range has no say.
      complete: unwritten === 0 && gaps.length === 0 && hasAllRows && isLedgerWhole,
      ...(gaps.length === 0 ? {} : { gaps: [...gaps] }),
    },
  };
}

function countsOf({ attempts, programs }: BreakdownRow): { readonly attempts: number; readonly programs: number } {
  return { attempts: Number(attempts), programs: Number(programs) };
}

/**
 * RFC 3339 in UTC, without a fraction where there is none, and in microseconds where there are some: rows were compared with the
 * bound itself, so whoever asks again with one that was cut gets other figures.
 */
function isoOf(us: number): string {
  const micros = us % 1000;
  const iso = new Date((us - micros) / 1000).toISOString();
  return micros === 0 ? iso.replace('.000Z', 'Z') : iso.replace('Z', `${String(micros).padStart(3, '0')}Z`);
}
