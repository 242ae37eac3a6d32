/** A small platform whose programs are each used in their own way, day and night, made from a seed; stories are told on top of it. */
import type { PartitionFold } from '../../../services/domain/fold/fold.ts';
import { FEATURES } from '../../../services/domain/baselines/features.ts';
import type { Tally } from '../../../services/domain/fold/tally.ts';
import { ORIGIN, REASONS } from '../../../schemas/codes.ts';
import { Random } from '../../reference/random.ts';
import { foldAll, foldInput, newFold, type PlacedRecord } from './partitioned.ts';

/** A Monday. */
export const START = Date.UTC(2026, 2, 2) / 1000;
export const DAY = 86_400;
export const HOUR = 3600;
export const PROGRAMS = 60;
export const DAYS = 18;

const CLASSES = ['food-delivery', 'travel', 'office'] as const;
const CATEGORIES_USED = ['location', 'photos', 'phone_number', 'address', 'user_profile', 'clipboard'] as const;
const USERS = 300;
const BACKGROUND = 0.04;

export interface Use {
  /** Event time, seconds since 1970. */
  readonly at: number;
  readonly program: string;
  readonly user: string;
  readonly category: string;
  readonly foreground?: boolean;
  readonly rows?: number;
  readonly bytes?: number;
}

export interface Fact {
  readonly at: number;
  readonly program: string;
  readonly type: 'ntk.declaration' | 'ntk.standing' | 'ntk.policy' | 'ntk.prior';
  readonly data: object;
}

export interface Ways {
  readonly seed?: number;
  readonly programs?: number;
  readonly days?: number;
  /** How many times the ordinary visits a program has in an hour; 1 unless told. */
  readonly visits?: (program: number, hour: number) => number;
  /** What its visitors do beside the ordinary, as a share of their uses. */
  readonly also?: (program: number, at: number) => { readonly category: string; readonly share: number } | null;
  /** Users are other ones each day. */
  readonly newUsers?: (program: number, at: number) => boolean;
}

export function programName(program: number): string {
  return `wx${String(program).padStart(4, '0')}`;
}

/** Visits by hour of the day (UTC), about 1 on average; weekends begin later. */
function busy(hour: number): number {
  const ofDay = hour % 24;
  const isWeekend = [5, 6].includes(Math.floor(hour / 24) % 7);
  const shifted = isWeekend ? ofDay - 2 : ofDay;
  return shifted < 6 || shifted > 22 ? 0.15 : 1.2 + 0.8 * Math.sin(((shifted - 8) / 14) * 2 * Math.PI);
}

/** Uses of all programs in the order of time. */
export function ordinaryUses({
  seed = 1,
  programs = PROGRAMS,
  days = DAYS,
  visits = () => 1,
  also = () => null,
  newUsers = () => false,
}: Ways = {}): Use[] {
  const uses: Use[] = [];
  for (let program = 0; program < programs; program++) {
    const random = new Random(seed * 1000 + program);
    const visitsAnHour = 0.7 + 1.6 * random.next();
    const weights = CATEGORIES_USED.map(() => random.next() ** 2 + 0.05);
    const sum = weights.reduce((a, b) => a + b, 0);
    for (let hour = 0; hour < days * 24; hour++) {
      const expected = visitsAnHour * busy(hour) * visits(program, hour) * Math.exp(0.3 * (random.next() - 0.5));
      for (let visit = poisson(random, expected); visit > 0; visit--) {
        let at = START + hour * HOUR + random.below(HOUR);
        const day = Math.floor(hour / 24);
        const user = newUsers(program, at) ? `n${day}-${random.below(1e6)}` : `u${random.below(USERS)}`;
        for (let use = random.between(1, 4); use > 0; use--, at += 70 + random.below(200)) {
          const other = also(program, at);
          let left = random.next() * sum;
          const ordinary = CATEGORIES_USED.find((_, i) => (left -= weights[i]!) < 0) ?? CATEGORIES_USED[0];
          const category = other !== null && random.chance(other.share) ? other.category : ordinary;
          const foreground = !random.chance(BACKGROUND);
          const bytes = Math.round(60 * Math.exp(0.4 * (random.next() + random.next() - 1)));
          uses.push({ at, program: programName(program), user, category, foreground, rows: 1, bytes });
        }
      }
    }
  }
  return inOrder(uses);
}

export function inOrder<Timed extends { readonly at: number }>(timed: readonly Timed[]): Timed[] {
  return timed.toSorted((a, b) => a.at - b.at);
}

function poisson(random: Random, mean: number): number {
  let count = 0;
  for (let left = Math.exp(-mean), product = random.next(); product > left; product *= random.next()) count++;
  return count;
}

/** What a program declared, a month before the first use. */
export function declaration(program: number, version = 1, more: readonly string[] = [], at: number = START - 30 * DAY): Fact {
  const categories = [...CATEGORIES_USED, ...more].map((category) => ({ category, background: true }));
  const data = {
    version,
    developer: `dev_${program % 40}`,
    class: CLASSES[program % CLASSES.length],
    purposes: [{ id: 'all', text: 'what it is for', categories }],
  };
  return { at, program: programName(program), type: 'ntk.declaration', data };
}

export function declarations(programs: number = PROGRAMS): Fact[] {
  return Array.from({ length: programs }, (_, program) => declaration(program));
}

export function policyFact(policy: object, at: number = START - 31 * DAY): Fact {
  return { at, program: '*', type: 'ntk.policy', data: policy };
}

const FOLDED_BEFORE: PlacedRecord = { value: Buffer.alloc(0), record: 0, origin: ORIGIN.run };

/** Facts and uses as records in the order given: what happened earlier may stand later. Those below `from` are left empty. */
export function recordsOf(told: readonly (Use | Fact)[], from = 0, origin: number = ORIGIN.run): PlacedRecord[] {
  return told.map((one, i) => {
    if (i < from) return FOLDED_BEFORE;
    const isFact = 'type' in one;
    const event = {
      specversion: '1.0',
      id: `e${i}`,
      source: 'host/test',
      type: isFact ? one.type : 'ntk.access',
      subject: one.program,
      time: new Date(one.at * 1000).toISOString(),
      data: isFact ? one.data : dataOf(one),
    };
    return { value: Buffer.from(JSON.stringify(event)), record: i + 1, origin };
  });
}

function dataOf({ user, category, foreground = true, rows = 1, bytes = 0 }: Use): object {
  return { user, api: 'test.api', category, foreground, rows, bytes, outcome: 'performed' };
}

/** A judged use, as its row has it. */
export interface Seen {
  readonly program: string;
  readonly category: string;
  readonly user: string;
  readonly at: number;
  readonly score: number;
  readonly contributions: Readonly<Record<string, number>>;
  readonly isAlarm: boolean;
  readonly opensEpisode: boolean;
  readonly reasons: readonly string[];
  readonly evidence: string;
}

export interface Judged {
  readonly seen: readonly Seen[];
  readonly late: number;
  readonly fold: PartitionFold;
}

export function judged(records: readonly PlacedRecord[], fold: PartitionFold = newFold()): Judged {
  const seen: Seen[] = [];
  let late = 0;
  const add = (tally: Tally): void => {
    late += tally.lateForBaseline;
  };
  foldAll(
    fold,
    foldInput(records, { from: fold.state.position, to: records.length }),
    ({ tally }) => add(tally),
    ({ attributes, user, judgement: { subject, findings, baselines, evidence } }) => {
      const parts = FEATURES.map((feature, i) => [feature, baselines?.contributions[i] ?? 0] as const);
      seen.push({
        program: attributes.subject,
        category: subject.category,
        user: user.text,
        at: subject.eventTimeUs / 1e6,
        score: baselines?.score ?? 0,
        contributions: Object.fromEntries(parts.filter(([, amount]) => amount !== 0)),
        isAlarm: baselines?.isAlarm ?? false,
        opensEpisode: baselines?.opensEpisode ?? false,
        reasons: findings.reasons.map((reason) => REASONS[reason]!),
        evidence,
      });
    },
  );
  return { seen, late, fold };
}

export function alarmsOf({ seen }: Pick<Judged, 'seen'>, program?: number): readonly Seen[] {
  return seen.filter((one) => one.isAlarm && (program === undefined || one.program === programName(program)));
}

export function episodesOf(told: Pick<Judged, 'seen'>, program?: number): readonly Seen[] {
  return alarmsOf(told, program).filter(({ opensEpisode }) => opensEpisode);
}
