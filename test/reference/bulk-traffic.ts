/**
 * A file of ordinary traffic by the million, for benchmarks: few programs make most of the accesses, few users meet most of
 * them, and a few accesses in a hundred get a finding. Strings are put together by hand, because `JSON.stringify` of a
 * million records would take longer than what is measured.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { dayTimes, visits } from './bulk-days.ts';
import { Random } from './random.ts';

export interface BulkTrafficOptions {
  /** @default 1000000 */
  readonly accesses?: number;
  /** @default 2400 */
  readonly programs?: number;
  /** @default 1 */
  readonly seed?: number;
  /** Of event time: what the limits refuse depends on it. @default 100 */
  readonly accessesPerSecond?: number;
  /** Of the first access; for live records it has to be now. @default 2026-03-01 */
  readonly startMs?: number;
  /**
   * Spread over so many days and nights, by users who come for a while (bulk-days.ts); null: at {@link accessesPerSecond} all along, each
   * access by somebody else. @default null
   */
  readonly days?: number | null;
  /** By how much the limits of programs, made for 100 accesses a second, are larger. @default 1 */
  readonly limitsTimes?: number;
  /** Whether the policy asks for baselines, which the reference judge knows nothing of. @default false */
  readonly baselines?: boolean;
}
export interface BulkTraffic {
  readonly policyYaml: string;
  readonly records: number;
  readonly facts: number;
  readonly bytes: number;
}

/** What the programs do: every program declares two of these, and only what is declared is done, but for a few. */
const USES = [
  {
    api: 'wx.getLocation',
    category: 'location',
    purpose: 'nearby-stores',
    fields: '["latitude","longitude"]',
    bytes: 48,
    named: '',
  },
  {
    api: 'wx.chooseImage',
    category: 'photos',
    purpose: 'post-pictures',
    fields: '["path","size"]',
    bytes: 2_048,
    named: '',
  },
  {
    api: 'wx.getUserProfile',
    category: 'user_profile',
    purpose: 'show-profile',
    fields: '["nickname","avatar"]',
    bytes: 128,
    named: '',
  },
  { api: 'wx.getClipboardData', category: 'clipboard', purpose: 'paste-code', fields: '["text"]', bytes: 32, named: '' },
  { api: 'wx.startAccelerometer', category: 'motion', purpose: 'count-steps', fields: '["x","y","z"]', bytes: 24, named: '' },
] as const;
/** Needs consent and entitlement; used by every tenth program. */
const SENSITIVE = {
  api: 'getPhoneNumber',
  category: 'phone_number',
  purpose: 'call-back',
  fields: '["number"]',
  bytes: 16,
  // As a host would say it that has a category of its own for it.
  named: '"category":"phone_number",',
} as const;
type Use = (typeof USES)[number] | typeof SENSITIVE;

const SENSITIVE_EVERY = 10;
/** Users of a sensitive program who agreed; one more in twenty asks did not. */
const MEMBERS = 40;
const CLASSES = ['food-delivery', 'games', 'finance', 'social', 'office tools'];
const SOURCE = 'host/ios';
const START_MS = Date.UTC(2026, 2, 1);
const CHUNK_CHARACTERS = 1 << 20;
/** Thousandths of accesses that use what the program never declared, or reveal more than it said. */
const UNDECLARED_PER_MILLE = 6;
const EXCESS_PER_MILLE = 6;

const policyYaml = (baselines: boolean, times: number): string => `version: 2026-03-01.bulk
purposes: required
consent: { required: [phone_number] }
restricted: [phone_number]
actions: { undeclared_category: intercept, consent_missing: intercept, rate_limited: throttle }
modes: { default: enforce }
limits:
  - { name: program-calls, key: [program], count: ${600 * times}, per: 1m, burst: ${120 * times} }
  - { name: user-category, key: [user, category], count: 2, per: 1m, burst: 5 }
  - { name: location-bytes, key: [program, category], match: { categories: [location] }, count: ${16_384 * times}, per: 1m, burst: ${65_536 * times}, cost: bytes }
baselines: { enabled: ${baselines} }
`;

const programOf = (index: number): string => `wx${(0x51ab0000 + index * 2_654_435).toString(16).padStart(16, '0')}`;
const usesOf = (index: number): Use[] => {
  const declared: Use[] = [USES[index % USES.length]!, USES[(index * 3 + 1) % USES.length]!];
  return index % SENSITIVE_EVERY === 3 ? [...declared, SENSITIVE] : declared;
};

function* factsOf(index: number, startMs: number): Generator<string> {
  const program = programOf(index);
  const time = new Date(startMs).toISOString();
  const fact = (id: string, type: string, subject: string, data: object): string =>
    `${JSON.stringify({ specversion: '1.0', id, source: SOURCE, type, subject, time, data })}\n`;
  const purposes = usesOf(index).map(({ category, purpose, fields, bytes }) => ({
    id: purpose,
    text: 'what the program is for',
    categories: [{ category, fields: JSON.parse(fields) as string[], background: index % 4 === 0, maxBytesPerCall: bytes }],
  }));
  const declared = {
    version: 1,
    developer: `dev_${index % 700}`,
    name: `Program ${index}`,
    class: CLASSES[index % CLASSES.length],
  };
  yield fact(`declared-${index}`, 'ntk.declaration', program, {
    ...declared,
    purposes,
    detected: [],
    linkHosts: ['shop.example'],
  });
  if (!usesOf(index).includes(SENSITIVE)) return;
  const { category } = SENSITIVE;
  yield fact(`opened-${index}`, 'ntk.entitlement', program, { category, granted: true });
  for (let member = 0; member < MEMBERS; member += 1) {
    const consent = { user: memberOf(index, member), state: 'granted', categories: [category], basis: 'explicit' };
    yield fact(`agreed-${index}-${member}`, 'ntk.consent', program, consent);
  }
}

const memberOf = (index: number, member: number): string => `u_${(index * 7_919 + member).toString(16).padStart(8, '0')}`;

/** Shares of a Zipf distribution, added up: the last one is 1. */
function zipfSums(count: number): Float64Array {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let index = 0; index < count; index += 1) sums[index] = sum += 1 / (index + 1);
  return sums.map((each) => each / sum);
}

function indexOfShare(sums: Float64Array, share: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! <= share) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `2026-03-01T00:00:00.000Z`, made anew only when the second changes. */
function isoClock(): (ms: number) => string {
  let [second, text] = [-1, ''];
  return (ms) => {
    const now = Math.floor(ms / 1000);
    if (now !== second) [second, text] = [now, new Date(now * 1000).toISOString().slice(0, 20)];
    return `${text}${String(ms % 1000).padStart(3, '0')}Z`;
  };
}

interface AccessLinesOptions {
  readonly count: number;
  readonly programs: number;
  readonly accessesPerSecond: number;
  readonly days: number | null;
  readonly startMs: number;
  /** Ids are this and a number. @default 'a-' */
  readonly idPrefix?: string;
  /** `pending` accesses wait for a verdict. @default 'performed' */
  readonly outcome?: 'performed' | 'pending';
}

interface Visit {
  readonly program: number;
  readonly stranger: string;
  readonly member: string;
}

function* each<Value>(begin: () => Value): Generator<Value, never> {
  for (;;) yield begin();
}

export function* accessLines(options: AccessLinesOptions, random: Random): Generator<string> {
  const { count, programs, accessesPerSecond, days, startMs, idPrefix = 'a-', outcome = 'performed' } = options;
  const sums = zipfSums(programs);
  const iso = isoClock();
  const names = Array.from({ length: programs }, (_, index) => JSON.stringify(programOf(index)));
  const uses = Array.from({ length: programs }, (_, index) => usesOf(index));
  const stepMs = 1000 / accessesPerSecond;
  const times = days === null ? (index: number): number => Math.floor(index * stepMs) : dayTimes(count, days);
  const begin = (): Visit => {
    const program = indexOfShare(sums, random.next());
    const draw = random.next();
    const stranger = `u_${Math.floor(draw * draw * draw * 4_000_000)
      .toString(16)
      .padStart(8, '0')}`;
    return { program, stranger, member: memberOf(program, random.below(MEMBERS)) };
  };
  const who = days === null ? each(begin) : visits(begin, random);
  for (let index = 0; index < count; index += 1) {
    const { program, stranger, member } = who.next().value;
    const odd = random.below(1_000);
    const declared = uses[program]!;
    let use = declared[random.below(declared.length)]!;
    // Three places on stands a use that the program may have declared all the same: most have not.
    if (odd < UNDECLARED_PER_MILLE) use = USES[(program + 3) % USES.length]!;
    const isExcess = odd >= UNDECLARED_PER_MILLE && odd < UNDECLARED_PER_MILLE + EXCESS_PER_MILLE;
    const user = use === SENSITIVE && odd % 20 !== 0 ? member : stranger;
    // Pictures differ in size: not all records end alike.
    const bytes = use.category === 'photos' ? 1 + random.below(use.bytes) : use.bytes;
    const time = iso(startMs + times(index));
    yield `{"specversion":"1.0","id":"${idPrefix}${index}","source":"${SOURCE}","type":"ntk.access","subject":${names[program]!},` +
      `"time":"${time}","data":{"user":"${user}","api":"${use.api}",${use.named}"purpose":"${use.purpose}",` +
      `"page":"pages/map","foreground":true,"fields":${use.fields},"rows":1,"bytes":${isExcess ? bytes + use.bytes : bytes},` +
      `"outcome":"${outcome}"}}\n`;
  }
}

/** Writes the file: all facts first, then the accesses in the order of their times. */
export function writeBulkTraffic(path: string, options: BulkTrafficOptions = {}): BulkTraffic {
  const {
    accesses = 1_000_000,
    programs = 2_400,
    seed = 1,
    accessesPerSecond = 100,
    days = null,
    startMs = START_MS,
    limitsTimes = 1,
    baselines = false,
  } = options;
  const file = openSync(path, 'w');
  let [facts, bytes, chunk] = [0, 0, ''];
  const write = (): void => {
    // Nothing beyond ASCII is in it.
    bytes += writeSync(file, chunk, null, 'latin1');
    chunk = '';
  };
  try {
    for (let index = 0; index < programs; index += 1) {
      for (const line of factsOf(index, startMs)) {
        chunk += line;
        facts += 1;
      }
    }
    for (const line of accessLines({ count: accesses, programs, accessesPerSecond, days, startMs }, new Random(seed))) {
      chunk += line;
      if (chunk.length >= CHUNK_CHARACTERS) write();
    }
    write();
  } finally {
    closeSync(file);
  }
  return { policyYaml: policyYaml(baselines, limitsTimes), records: facts + accesses, facts, bytes };
}
