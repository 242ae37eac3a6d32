/** The interception report over the judge's verdicts (contracts.md section 6, exact-rules.md section 8). */
import type { Action } from '../../schemas/codes.ts';
import { toIsoMs } from './instants.ts';
import type { Quality, Verdict } from './judge.ts';

type Tally<Name extends string> = { readonly [name in Name]: string } & { readonly attempts: number; readonly programs: number };

/** As `ntk report interceptions --json`, without `asOf` and `settled`, which depend on when it is asked for. */
export interface Report {
  readonly from: string;
  readonly to: string;
  readonly intercepted: {
    readonly attempts: number;
    readonly programs: number;
    readonly users: number;
    readonly prevented: number;
    readonly alreadyRefused: number;
    readonly late: number;
  };
  readonly wouldHaveBeenIntercepted: { readonly attempts: number; readonly programs: number };
  readonly accesses: number;
  readonly byVerdict: Readonly<Record<Action, number>>;
  readonly byReason: readonly Tally<'reason'>[];
  readonly byCategory: readonly Tally<'category'>[];
  readonly byClass: readonly Tally<'class'>[];
  readonly topPrograms: readonly { readonly program: string; readonly attempts: number }[];
  readonly quality: {
    readonly recordsRead: number;
    readonly duplicates: number;
    readonly rejected: number;
    readonly rowsStored: number;
    readonly unwritten: number;
    readonly complete: boolean;
  };
}

const byUtf8 = (one: string, other: string): number => Buffer.compare(Buffer.from(one, 'utf8'), Buffer.from(other, 'utf8'));

/** Rows of one breakdown, most attempts first, then by name. An attempt counts once under each of its names. */
function breakdown<Name extends string>(
  name: Name,
  intercepted: readonly Verdict[],
  namesOf: (verdict: Verdict) => readonly string[],
): Tally<Name>[] {
  const groups = new Map<string, Verdict[]>();
  for (const verdict of intercepted) {
    for (const each of namesOf(verdict)) {
      const group = groups.get(each) ?? [];
      group.push(verdict);
      groups.set(each, group);
    }
  }
  return [...groups]
    .toSorted(([one, ones], [other, others]) => others.length - ones.length || byUtf8(one, other))
    .map(([each, verdicts]) => ({ [name]: each, attempts: verdicts.length, programs: programsOf(verdicts) }) as Tally<Name>);
}

const programsOf = (verdicts: readonly Verdict[]): number => new Set(verdicts.map((verdict) => verdict.program)).size;

const interceptingReasons = (verdict: Verdict): string[] =>
  Object.entries(verdict.effective)
    .filter(([, action]) => action === 'intercept')
    .map(([reason]) => reason);

const iso = (micros: bigint): string => toIsoMs(micros).replace('.000Z', 'Z');

/** `from` is included, `to` is not; both in microseconds of event time. */
export function reportOf(verdicts: readonly Verdict[], quality: Quality, from: bigint, to: bigint): Report {
  const rows = verdicts.filter(({ micros }) => micros >= from && micros < to);
  const withVerdict = (action: Action): number => rows.filter(({ verdict }) => verdict === action).length;
  const intercepted = rows.filter(({ verdict }) => verdict === 'intercept');
  const wouldBe = rows.filter(({ verdict, proposed }) => verdict !== 'intercept' && proposed === 'intercept');
  const withOutcome = (outcome: string): number => intercepted.filter((each) => each.outcome === outcome).length;
  return {
    from: iso(from),
    to: iso(to),
    intercepted: {
      attempts: intercepted.length,
      programs: programsOf(intercepted),
      users: new Set(intercepted.map(({ user }) => user)).size,
      prevented: withOutcome('pending'),
      alreadyRefused: withOutcome('refused'),
      late: withOutcome('performed'),
    },
    wouldHaveBeenIntercepted: { attempts: wouldBe.length, programs: programsOf(wouldBe) },
    accesses: rows.length,
    byVerdict: {
      allow: withVerdict('allow'),
      flag: withVerdict('flag'),
      throttle: withVerdict('throttle'),
      intercept: withVerdict('intercept'),
    },
    byReason: breakdown('reason', intercepted, interceptingReasons),
    byCategory: breakdown('category', intercepted, ({ category }) => [category]),
    byClass: breakdown('class', intercepted, (verdict) => [verdict.class]).slice(0, 1_000),
    topPrograms: breakdown('program', intercepted, ({ program }) => [program])
      .slice(0, 10)
      .map(({ program, attempts }) => ({ program, attempts })),
    quality: {
      recordsRead: quality.recordsRead,
      duplicates: quality.duplicates,
      rejected: quality.rejected,
      rowsStored: verdicts.length,
      unwritten: 0,
      complete: true,
    },
  };
}
