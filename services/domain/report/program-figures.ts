/** What the pages say of programs, put together from what the queries answer. */
import type { BreakdownRow, HeadlineRow } from './interception-report.ts';
import type { ProgramCategoryRow, ProgramRow } from './program-queries.ts';

export interface ListedProgram {
  readonly program: string;
  /** In force at its latest access. */
  readonly className: string;
  readonly accesses: number;
  readonly intercepted: number;
  /** Would have been intercepted under a stricter mode. */
  readonly wouldHave: number;
  /** Accesses of which the baselines found something. */
  readonly unusual: number;
  /** Milliseconds since 1970 of its latest access. */
  readonly lastMs: number;
}

export interface ProgramFigures {
  readonly accesses: number;
  readonly intercepted: number;
  readonly prevented: number;
  readonly alreadyRefused: number;
  readonly late: number;
  readonly wouldHave: number;
  /** Different users among the intercepted attempts. */
  readonly users: number;
  /** Of intercepted attempts, most first; one with several reasons is in each. */
  readonly byReason: readonly { readonly reason: string; readonly attempts: number }[];
  /** What was taken, most first. */
  readonly byCategory: readonly CategoryFigures[];
}

export interface CategoryFigures {
  readonly category: string;
  readonly accesses: number;
  readonly background: number;
  readonly intercepted: number;
  readonly wouldHave: number;
  /** Milliseconds since 1970 of the latest one. */
  readonly lastMs: number;
}

export function listedProgram(row: ProgramRow): ListedProgram {
  return {
    program: row.program,
    className: row.class_name,
    accesses: Number(row.accesses),
    intercepted: Number(row.intercepted),
    wouldHave: Number(row.would_have),
    unusual: Number(row.unusual),
    lastMs: Number(row.last_ms),
  };
}

export function programFigures(
  headline: HeadlineRow,
  reasons: readonly BreakdownRow[],
  categories: readonly ProgramCategoryRow[],
): ProgramFigures {
  return {
    accesses: Number(headline.accesses),
    intercepted: Number(headline.intercept),
    prevented: Number(headline.prevented),
    alreadyRefused: Number(headline.already_refused),
    late: Number(headline.late),
    wouldHave: Number(headline.would_attempts),
    users: Number(headline.users),
    byReason: reasons.map(({ name, attempts }) => ({ reason: name, attempts: Number(attempts) })),
    byCategory: categories.map((row) => ({
      category: row.category,
      accesses: Number(row.accesses),
      background: Number(row.background),
      intercepted: Number(row.intercepted),
      wouldHave: Number(row.would_have),
      lastMs: Number(row.last_ms),
    })),
  };
}
