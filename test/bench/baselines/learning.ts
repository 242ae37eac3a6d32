/**
 * Baselines and limit keys of many programs in a process of its own: every program takes every category once, then accesses come as they
 * do on a platform, most of them to few programs. Prints how much memory it takes and how long the baselines take.
 */
import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { CATEGORIES } from '../../../schemas/codes.ts';
import { PartitionState } from '../../../services/domain/fold/partition-state.ts';
import { Tally } from '../../../services/domain/fold/tally.ts';
import { askLimits } from '../../../services/domain/limits/ask-limits.ts';
import { compilePolicy } from '../../../services/domain/policy/compiled.ts';
import { parsePolicyDocument } from '../../../services/domain/policy/document.ts';
import type { Access } from '../../../services/domain/record/record.ts';
import type { ProgramState } from '../../../services/domain/state/program-table.ts';
import { Random } from '../../reference/random.ts';
import { begin, report } from '../process/measured.ts';

const [programCount = 0, accesses = 0] = process.argv.slice(2).map(Number);
const BUDGET = 0.001;
/** The first of them all. */
const CATEGORIES_USED = 8;
const USERS = 50_000;
const START_US = Date.UTC(2026, 2, 2) * 1000;
const HOUR_US = 3_600e6;
/** All accesses in one hour, so that judging is nearly all that is done; then in three days, with silences, nights and days that end. */
const BUSY_HOURS = 1;
const QUIET_HOURS = 72;
const CIRCUMSTANCES = { absentBeforeUs: Number.NEGATIVE_INFINITY, isLive: false };

const document = {
  version: 'bench',
  limits: [{ name: 'each-kind', key: ['program', 'category'], match: {}, count: 600, per: '1m', burst: 100 }],
};
const parsed = parsePolicyDocument(document);
if (!parsed.ok) throw new Error('the policy does not check');
const state = new PartitionState('bench', 0, 1);
state.policy = compilePolicy(parsed.policy, parsed.hash, parsed.document);
const tally = new Tally();
const random = new Random(1);
const programs = Array.from({ length: programCount }, (_, i) => state.programs.of(`wx${i.toString(16).padStart(14, '0')}`));
const users = Array.from({ length: USERS }, (_, i) => `u_${i}`);

interface Asking {
  program: ProgramState;
  access: { -readonly [Name in keyof Access]: Access[Name] };
  category: string;
  eventTimeUs: number;
}
const access = {
  api: 'wx.bench',
  purpose: '',
  page: '',
  fields: null,
  rows: 1,
  bytes: 48,
  outcome: 'performed',
  link: null,
} as const;
const asking: Asking = {
  program: programs[0]!,
  access: { ...access, user: '', category: '', foreground: true, durationMs: 0 },
  category: '',
  eventTimeUs: START_US,
};
const subject = { ...asking, className: 'undeclared', policy: state.policy, categoryIndex: 0, isPersonal: true };

function goTo(program: ProgramState, categoryIndex: number, foreground: boolean, eventTimeUs: number): void {
  subject.program = program;
  subject.category = CATEGORIES[categoryIndex]!;
  subject.categoryIndex = categoryIndex;
  subject.access.foreground = foreground;
  subject.eventTimeUs = eventTimeUs;
}

function isForeground(): boolean {
  return random.next() > 0.05;
}

function askLimit(): void {
  const limits = state.policy.limitsByCategory[subject.categoryIndex]!;
  askLimits(limits, subject, { ...CIRCUMSTANCES, userWords: state.userHash.words }, state.limits, tally);
}

let eventTimeUs = START_US;
for (let category = 0; category < CATEGORIES_USED; category++) {
  for (const program of programs) {
    const user = users[random.below(USERS)]!;
    goTo(program, category, isForeground(), (eventTimeUs += 1000));
    askLimit();
    state.baselines.see(subject, state.userHash.of(user), BUDGET);
  }
}
const keys = { baselines: state.counts().baselineKeys, limits: state.counts().limitKeys };

/** Most accesses go to few programs: the n-th one has a share of 1/n (G. K. Zipf 1949). */
const shares = new Float64Array(programCount);
for (let i = 0, sum = 0; i < programCount; i++) shares[i] = sum += 1 / (i + 1);
function zipf(): number {
  const at = random.next() * shares[programCount - 1]!;
  let [low, high] = [0, programCount - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (shares[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
/**
 * Drawn so many at a time, with the clock standing still: neither drawing is what is measured nor hashing a user, which is done once an access for all
 * checks; and all draws would be memory.
 */
const DRAWN_AT_ONCE = 10_000;
const drawn = new Uint32Array(DRAWN_AT_ONCE);
const USER_WORDS = state.userHash.words.length;
const drawnUsers = new Uint32Array(DRAWN_AT_ONCE * USER_WORDS);
const drawnForeground = new Uint8Array(DRAWN_AT_ONCE);
const drawnCategories = new Uint8Array(DRAWN_AT_ONCE);

function draw(): void {
  for (let i = 0; i < DRAWN_AT_ONCE; i++) {
    drawn[i] = zipf();
    drawnUsers.set(state.userHash.of(users[random.below(USERS)]!), i * USER_WORDS);
    drawnForeground[i] = isForeground() ? 1 : 0;
    drawnCategories[i] = Math.min(random.below(CATEGORIES_USED), random.below(CATEGORIES_USED));
  }
}

let scores = 0;
let alarms = 0;

/** Plays all accesses within so many hours; microseconds an update of the baselines alone: of the wall clock, and of the processor. */
function play(hours: number): { readonly wallUs: number; readonly processorUs: number } {
  let [elapsedMs, processorUs] = [0, 0];
  const words = new Uint32Array(USER_WORDS);
  for (let from = 0; from < accesses; from += DRAWN_AT_ONCE) {
    draw();
    const began = process.cpuUsage();
    const beganMs = performance.now();
    for (let i = 0; i < Math.min(DRAWN_AT_ONCE, accesses - from); i++) {
      eventTimeUs += (hours * HOUR_US) / accesses;
      goTo(programs[drawn[i]!]!, drawnCategories[i]!, drawnForeground[i] === 1, eventTimeUs);
      for (let word = 0; word < USER_WORDS; word++) words[word] = drawnUsers[i * USER_WORDS + word]!;
      const { score, isAlarm } = state.baselines.see(subject, words, BUDGET);
      scores += score;
      if (isAlarm) alarms++;
    }
    elapsedMs += performance.now() - beganMs;
    const { user, system } = process.cpuUsage(began);
    processorUs += user + system;
  }
  return { wallUs: (elapsedMs * 1000) / accesses, processorUs: processorUs / accesses };
}

/** What the state takes: without the garbage of getting there, whose buffers are given back in the background. */
async function settledMb(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await setTimeout(50);
  }
  return process.memoryUsage().rss / 2 ** 20;
}

await begin();
const busy = play(BUSY_HOURS);
const quiet = play(QUIET_HOURS);
const result = {
  ...keys,
  peakMb: process.resourceUsage().maxRSS / 1024,
  rssMb: await settledMb(),
  baselineBytesAKey: state.baselines.bytes / keys.baselines,
  busy,
  quiet,
  hash: createHash('sha256').update(`${scores} ${alarms} ${keys.baselines}`).digest('hex').slice(0, 16),
};
report(result);
