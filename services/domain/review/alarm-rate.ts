/** The false-alarm rate that reviews measure, beside the one that the policy allows. */
import type { Disposition } from '../../../schemas/codes.ts';
import { type Interval, poissonInterval } from '../evaluation/poisson-interval.ts';

export interface AlarmCounts {
  readonly byDisposition: Readonly<Record<Disposition, number>>;
  readonly unreviewed: number;
  /** Programs times days on which they had an access. */
  readonly programDays: number;
  /** False episodes a program and day that the policy allows; null where it says nothing. */
  readonly budget: number | null;
}

/** In 1,000 program-days. */
export interface Rate extends Interval {
  readonly rate: number;
}

export interface AlarmRate {
  /** Episodes that were found false. All the others may be right: it is at least this. Null without a program-day. */
  readonly atLeast: Rate | null;
  /** As if every episode that nobody reviewed were false. */
  readonly atMost: Rate | null;
  readonly budget: number | null;
  /**
   * `above`: the whole interval of what was found false is; `within`: the whole interval is, even if all that is not reviewed were false;
   * else it cannot be told yet. Null where there is nothing to compare.
   */
  readonly standing: 'above' | 'within' | 'undecided' | null;
  /** 1 - false / reviewed (exact-rules.md section 10); null while nothing is reviewed. */
  readonly precision: number | null;
}

const PER_PROGRAM_DAYS = 1_000;

export function alarmRate({ byDisposition, unreviewed, programDays, budget }: AlarmCounts): AlarmRate {
  const { true_positive: right, false_positive: wrong, expected } = byDisposition;
  const reviewed = right + wrong + expected;
  const atLeast = rateOf(wrong, programDays);
  const atMost = rateOf(wrong + unreviewed, programDays);
  const allowed = budget === null ? null : budget * PER_PROGRAM_DAYS;
  return {
    atLeast,
    atMost,
    budget: allowed,
    standing: atLeast === null || atMost === null || allowed === null ? null : standingOf(atLeast, atMost, allowed),
    precision: reviewed === 0 ? null : 1 - wrong / reviewed,
  };
}

function standingOf(atLeast: Rate, atMost: Rate, allowed: number): 'above' | 'within' | 'undecided' {
  if (atLeast.low > allowed) return 'above';
  return atMost.high <= allowed ? 'within' : 'undecided';
}

function rateOf(episodes: number, programDays: number): Rate | null {
  if (programDays === 0) return null;
  const { low, high } = poissonInterval(episodes);
  const per = PER_PROGRAM_DAYS / programDays;
  return { rate: episodes * per, low: low * per, high: high * per };
}
