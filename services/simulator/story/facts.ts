/** What a program's developer and the platform's reviewers say in the course of a story: facts, at their moments. */
import type { EventDataInput } from '../../../schemas/events/index.ts';
import { share } from '../chance/chance.ts';
import type { Category } from '../../../schemas/codes.ts';
import { DAY_MS, HOUR_MS } from '../spans.ts';
import type { Ask, Program } from '../world/program.ts';
import type { Fate } from './fate.ts';

type FactType = 'ntk.declaration' | 'ntk.entitlement' | 'ntk.standing';

export interface Fact {
  readonly atMs: number;
  readonly program: Program;
  readonly type: FactType;
  /** Moments in it are story time, which the timeline turns into event time. */
  readonly data: (isoTime: (storyMs: number) => string) => object;
}

/** Categories that a careful platform opens only to programs it has looked at. */
const RESTRICTED: readonly Category[] = ['contacts', 'health'];
/** Of the programs that ask for a restricted category: never asked the platform; had leave until some time in the story. */
const NEVER_ENTITLED = 0.1;
const LAPSING = 0.15;
const LAPSE = 0x6c61;

export interface Span {
  readonly startMs: number;
  readonly endMs: number;
  /** Added to declaration versions: of several spans on one log each says more than the one before. */
  readonly versionBase: number;
}

/** Of one program, in no order. Those that were true before the story are at its start. */
export function factsOf(fate: Fate, span: Span): Fact[] {
  const { program, launchMs, upgradeMs, standing } = fate;
  const beganMs = launchMs === -Infinity ? span.startMs : Math.max(span.startMs, launchMs - HOUR_MS);
  const facts: Fact[] = [];
  if (program.isDeclared) {
    const version = span.versionBase + 1;
    facts.push({ atMs: beganMs, program, type: 'ntk.declaration', data: () => declarationOf(program, version, false) });
    if (upgradeMs < span.endMs) {
      const data = (): object => declarationOf(program, version + 1, true);
      facts.push({ atMs: upgradeMs, program, type: 'ntk.declaration', data });
    }
  }
  for (const category of RESTRICTED) {
    if (!program.asks.some(({ need }) => need.category === category)) continue;
    const entitlement = entitlementOf(program, category, span);
    if (entitlement !== null) facts.push({ atMs: beganMs, program, type: 'ntk.entitlement', data: entitlement });
  }
  if (standing !== null) {
    const { state, atMs, untilMs } = standing;
    const reason = STANDING_REASONS[state];
    facts.push({
      atMs,
      program,
      type: 'ntk.standing',
      data: (isoTime) => ({ state, by: 'reviewer_3', reason, until: untilMs === null ? null : isoTime(untilMs) }),
    });
  }
  return facts;
}

const STANDING_REASONS = {
  active: 'appeal accepted',
  under_review: 'complaints of users',
  suspended: 'sends what it reads to a third party',
  banned: 'sells personal data',
} as const;

function entitlementOf(program: Program, category: Category, { startMs, endMs }: Span): Fact['data'] | null {
  const chance = share(program.salt, LAPSE, category.length);
  if (chance < NEVER_ENTITLED) return null;
  const lapses = chance < NEVER_ENTITLED + LAPSING;
  const untilMs = startMs + (lapses ? (endMs - startMs) * share(program.salt, LAPSE + 1) * 0.8 : 365 * DAY_MS);
  return (isoTime) => ({ category, granted: true, until: isoTime(Math.round(untilMs)) });
}

type Purpose = EventDataInput<'ntk.declaration'>['purposes'][number];
type Entry = Purpose['categories'][number];

/** One purpose an id; a need with several apis is one entry. */
function declarationOf(program: Program, version: number, isUpgraded: boolean): EventDataInput<'ntk.declaration'> {
  const purposes = new Map<string, { id: string; text: string; categories: Entry[] }>();
  for (const ask of program.asks) {
    const { purpose: id, text, category } = ask.need;
    if (id === '' || (ask.isLater && !isUpgraded)) continue;
    const purpose = purposes.get(id) ?? { id, text, categories: [] };
    purposes.set(id, purpose);
    if (!purpose.categories.some((entry) => entry.category === category)) purpose.categories.push(entryOf(ask));
  }
  const detected = new Set(program.called.map(({ need }) => need.category).filter((category) => category !== 'navigation'));
  if (program.habits.deviations[UNDECLARED]! > 0.001) detected.add('clipboard');
  return {
    version,
    developer: program.developer.name,
    name: program.name,
    class: program.kind.name,
    purposes: [...purposes.values()],
    detected: [...detected],
    linkHosts: [program.host],
  };
}

/** Of `undeclared_category` in DEVIATIONS. */
const UNDECLARED = 6;

function entryOf({ need, isLimited, isBackground }: Ask): Entry {
  const { category, fields, rowsMax, bytesPerRow } = need;
  return {
    category,
    ...(fields.length > 0 ? { fields: [...fields] } : {}),
    ...(isBackground ? { background: true } : {}),
    // Room for a row or a text that is longer than most.
    ...(isLimited ? { maxBytesPerCall: rowsMax * bytesPerRow * 2 + 64, maxRowsPerCall: rowsMax } : {}),
  };
}
