/**
 * Traffic of which the headline of its interception report is known beforehand: this many attempts, by this many programs,
 * between two dates; and others outside of them that must not count.
 */
import { Random } from './random.ts';

export interface InterceptedTrafficOptions {
  /** Access records, intercepted ones inside and outside the dates included. */
  readonly accesses: number;
  /** Programs that declare something. */
  readonly programs: number;
  /** Attempts intercepted between the dates. @default 3252 */
  readonly interceptions?: number;
  /** Programs that they come from. @default 2392 */
  readonly interceptedPrograms?: number;
  /** First day, included, and last day, not included: `2020-01-01`. @default 2020-01-01, 2020-03-10 */
  readonly from?: string;
  readonly to?: string;
  /** Interceptions before and after the dates, the first of them at `to` exactly, the second just before `from`. */
  readonly outside: number;
  /** How many of the interceptions between the dates find `refused` and `performed`; the others find `pending`. @default 798, 0 */
  readonly refused?: number;
  readonly performed?: number;
  /** Records that arrive once more. @default 0 */
  readonly duplicates?: number;
  /** @default 1 */
  readonly seed?: number;
}
/** What the report between the dates must say. */
export interface ExpectedHeadline {
  readonly intercepted: {
    readonly attempts: number;
    readonly programs: number;
    readonly users: number;
    readonly prevented: number;
    readonly alreadyRefused: number;
    readonly late: number;
  };
  readonly wouldHaveBeenIntercepted: { readonly attempts: number; readonly programs: number };
  /** Between the dates. */
  readonly accesses: number;
  /** Over the whole file; the policy that is appended first is none of the records. */
  readonly quality: {
    readonly recordsRead: number;
    readonly duplicates: number;
    readonly rejected: number;
    readonly rowsStored: number;
  };
}
export interface InterceptedTraffic {
  /** NDJSON, some kilobytes at a time. Can be read again, and gives the same bytes. */
  readonly events: AsyncIterable<Buffer>;
  readonly policyYaml: string;
  readonly expected: ExpectedHeadline;
}

type Plan = Required<InterceptedTrafficOptions>;

const POLICY_YAML = `version: 2020-01-01.intercepted
purposes: required
actions: { undeclared_category: intercept }
modes: { default: enforce }
baselines: { enabled: false }
`;
/** Distinct users of 3,252 interceptions: somebody meets more than one of them. */
const USERS_PER_INTERCEPTION = 2_871 / 3_252;
const DAY_MS = 86_400_000;
const CHUNK_CHARACTERS = 65_536;

const isoOf = (ms: number): string => new Date(ms).toISOString();
const programOf = (index: number): string => `wx2020${index.toString(16).padStart(10, '0')}`;
const usersOf = (plan: Plan): number => Math.max(1, Math.round(plan.interceptions * USERS_PER_INTERCEPTION));

function record(id: string, type: string, subject: string, time: string, data: object): string {
  return `${JSON.stringify({ specversion: '1.0', id, source: 'host/wechat-ios', type, subject, time, data })}\n`;
}

function* declarations(plan: Plan): Generator<string> {
  const purposes = [{ id: 'nearby-stores', text: 'show shops near you', categories: [{ category: 'location' }] }];
  for (let index = 0; index < plan.programs; index += 1) {
    const data = { version: 1, developer: `dev_${index % 500}`, class: 'food-delivery', purposes };
    yield record(`declared-${index}`, 'ntk.declaration', programOf(index), `${plan.from}T00:00:00Z`, data);
  }
}

/** `wx.chooseImage` needs `photos`, which no program declares. */
const intercepted = (id: string, program: string, time: string, user: string, outcome: string): string =>
  record(id, 'ntk.access', program, time, { user, api: 'wx.chooseImage', purpose: 'nearby-stores', outcome });

function insideOutcome(index: number, { interceptions, refused, performed }: Plan): string {
  if (index < interceptions - refused - performed) return 'pending';
  return index < interceptions - performed ? 'refused' : 'performed';
}

/** One thread of each kind, woven together by chance. */
function* accesses(plan: Plan): Generator<string> {
  const random = new Random(plan.seed);
  const [fromMs, toMs] = [Date.parse(plan.from), Date.parse(plan.to)];
  const users = usersOf(plan);
  const within = (): string => isoOf(fromMs + random.below(toMs - fromMs));
  const left = { inside: plan.interceptions, outside: plan.outside, allowed: plan.accesses - plan.interceptions - plan.outside };
  let last = '';
  for (let duplicates = plan.duplicates; left.inside + left.outside + left.allowed > 0; ) {
    if (last !== '' && duplicates > 0 && random.chance(0.5)) {
      duplicates -= 1;
      yield last;
      continue;
    }
    const kind = random.weighted(left);
    const index = (left[kind] -= 1);
    if (kind === 'inside') {
      const number = index < plan.interceptedPrograms ? index : random.below(plan.interceptedPrograms);
      // The very first moment counts.
      const time = index === 0 ? isoOf(fromMs) : within();
      last = intercepted(`inside-${index}`, programOf(number), time, `u_${index % users}`, insideOutcome(index, plan));
    } else if (kind === 'outside') {
      const days = 1 + random.below(300 * DAY_MS);
      const time = index === 0 ? toMs : index % 2 === 0 ? toMs + days : fromMs - (index === 1 ? 1 : days);
      // Any program, also one that is intercepted at no other time; and users of their own.
      const program = programOf(plan.programs - 1 - (index % plan.programs));
      last = intercepted(`outside-${index}`, program, isoOf(time), `outside_${index}`, 'pending');
    } else {
      const data = { user: `u_${random.below(100_000)}`, api: 'wx.getLocation', purpose: 'nearby-stores', rows: 1, bytes: 48 };
      last = record(`allowed-${index}`, 'ntk.access', programOf(random.below(plan.programs)), within(), data);
    }
    yield last;
    if (left.inside + left.outside + left.allowed === 0) for (; duplicates > 0; duplicates -= 1) yield last;
  }
}

function checked(options: InterceptedTrafficOptions): Plan {
  const { interceptions = 3_252, interceptedPrograms = 2_392, from = '2020-01-01', to = '2020-03-10' } = options;
  const { refused = Math.round((interceptions * 798) / 3_252), performed = 0, duplicates = 0, seed = 1 } = options;
  const plan = { ...options, interceptions, interceptedPrograms, from, to, refused, performed, duplicates, seed };
  const isPossible =
    interceptedPrograms <= Math.min(interceptions, options.programs) &&
    refused + performed <= interceptions &&
    interceptions + options.outside <= options.accesses &&
    Date.parse(from) < Date.parse(to);
  if (!isPossible) throw new Error('no such traffic can be made');
  return plan;
}

/** @throws Error for counts that contradict one another. */
export function makeInterceptedTraffic(options: InterceptedTrafficOptions): InterceptedTraffic {
  const plan = checked(options);
  const { interceptions, refused, performed, outside, duplicates } = plan;
  return {
    events: {
      async *[Symbol.asyncIterator]() {
        let chunk = '';
        for (const part of [declarations(plan), accesses(plan)]) {
          for (const line of part) {
            chunk += line;
            if (chunk.length < CHUNK_CHARACTERS) continue;
            yield Buffer.from(chunk, 'utf8');
            chunk = '';
          }
        }
        yield Buffer.from(chunk, 'utf8');
      },
    },
    policyYaml: POLICY_YAML,
    expected: {
      intercepted: {
        attempts: interceptions,
        programs: plan.interceptedPrograms,
        users: Math.min(usersOf(plan), interceptions),
        prevented: interceptions - refused - performed,
        alreadyRefused: refused,
        late: performed,
      },
      wouldHaveBeenIntercepted: { attempts: 0, programs: 0 },
      accesses: plan.accesses - outside,
      quality: { recordsRead: plan.programs + plan.accesses + duplicates, duplicates, rejected: 0, rowsStored: plan.accesses },
    },
  };
}
