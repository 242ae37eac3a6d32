/** Visits: a user opens a program, agrees or not, and it asks for one thing after another. */
import { type Chance } from '../chance/chance.ts';
import type { Fate } from '../story/fate.ts';
import type { Incident } from '../story/incident.ts';
import type { Ask, Program } from '../world/program.ts';
import { userOf, type World } from '../world/world.ts';
import { type Arrivals, skewOf, sourceOf } from './arrivals.ts';
import { type Agreement, type Consents, newcomersOf } from './consents.ts';
import { deviate, usualFields } from './deviate.ts';
import type { Draft, RecordLines } from './record-lines.ts';
import type { Timeline } from './timeline.ts';

/** Between coming in and the first access. */
const FIRST_MS = [600, 5_000] as const;
const VISIT_ACCESSES_MAX = 200;
/** The second version's new ask, once it is there. */
const LATER_SHARE = 0.25;
/** The same call once more, because the first one failed on its way. */
const RETRY = 0.01;
const RETRY_MS = [300, 1_500] as const;
/** A loop that calls for the position. */
const LOOP_CALLS = [45, 90] as const;
const LOOP_GAP_MS = [80, 400] as const;
/** Refused by the host or the user before anybody judged it. */
const REFUSED = 0.015;
const REFUSED_WITHOUT_CONSENT = 0.4;

/** How somebody is there, and for what. */
export interface Manner {
  readonly isNewcomer: boolean;
  /** Only this is asked for. @default whatever the program asks for */
  readonly only?: Ask;
  /** Accesses of the visit. @default drawn */
  readonly accesses?: number;
  /** Between them, mean. @default the class's */
  readonly gapMs?: number;
  /** Off screen. @default as the class does */
  readonly isBackground?: boolean;
  /** Rows of each. @default as the need says */
  readonly rows?: number;
  /** Nobody is asked. */
  readonly isUnasked?: boolean;
  /** A certain user. @default drawn */
  readonly user?: number;
}

interface VisitParts {
  readonly world: World;
  readonly timeline: Timeline;
  readonly lines: RecordLines;
  readonly arrivals: Arrivals;
  readonly consents: Consents;
  readonly chance: Chance;
  /** Share of the calls that wait for a verdict. */
  readonly pendingShare: number;
}

export class Visits {
  readonly #parts: VisitParts;
  /** Of the first declaration of the story. */
  version = 1;

  constructor(parts: VisitParts) {
    this.#parts = parts;
  }

  /** Appends a visit that begins at `startMs`. */
  visit(fate: Fate, startMs: number, manner: Manner): void {
    const { chance, timeline } = this.#parts;
    const { program } = fate;
    const index = manner.user ?? this.#someone(program, manner.isNewcomer);
    const agreement = this.#meet(fate, index, startMs, manner);
    if (agreement === 'gone') return;
    let atMs = startMs + chance.between(...FIRST_MS) * timeline.stretch;
    const spread = active(fate, 'spread', startMs);
    const isBackground = manner.isBackground ?? (program.kind.background > 0 && chance.isBelow(program.kind.background));
    const offScreen = isBackground ? program.called.filter((ask) => ask.isBackground) : [];
    const isLoop = manner.only === undefined && chance.isBelow(program.habits.loops);
    const only = manner.only ?? (isLoop ? program.called.find(({ need }) => need.category === 'location') : offScreen[0]);
    const count = isLoop ? chance.between(...LOOP_CALLS) : this.#accesses(program, manner, offScreen.length > 0);
    for (let n = 0; n < count; n++) {
      const user = spread === null || n === 0 ? index : this.#someone(program, true);
      const isUnasked = manner.isUnasked === true || spread?.isCamouflaged === false;
      const agreed = user === index ? agreement : this.#meet(fate, user, atMs, { ...manner, isUnasked });
      const ask = only ?? this.#pick(fate, atMs);
      const isForeground = manner.isBackground === true ? false : offScreen.length === 0;
      if (agreed !== 'gone') this.#access(fate, user, ask, atMs, { agreed, isForeground, manner });
      atMs += (isLoop ? chance.between(...LOOP_GAP_MS) : this.#gapMs(program, manner)) * timeline.stretch;
    }
  }

  #meet(fate: Fate, index: number, atMs: number, manner: Manner): Agreement {
    const { consents, world } = this.#parts;
    if (manner.isUnasked === true) return 'not agreed';
    return consents.meet(fate, index, userOf(world, fate.program, index), atMs, this.version);
  }

  /** Regulars are not all as regular: the square makes some come every day, and most now and then. */
  #someone(program: Program, isNewcomer: boolean): number {
    const { chance } = this.#parts;
    if (isNewcomer) return program.regulars + chance.below(newcomersOf(program));
    const u = chance.next();
    return Math.floor(program.regulars * u * u);
  }

  #accesses(program: Program, { accesses }: Manner, isOffScreen: boolean): number {
    if (accesses !== undefined) return accesses;
    if (isOffScreen) return 1;
    return Math.min(VISIT_ACCESSES_MAX, this.#parts.chance.geometric(program.visitAccesses));
  }

  #gapMs({ kind }: Program, { gapMs }: Manner): number {
    const { chance } = this.#parts;
    if (gapMs === undefined && kind.isRegular) return Math.round(kind.gapMs * chance.within(0.96, 1.04));
    return 200 + Math.round(chance.exponential(gapMs ?? kind.gapMs));
  }

  #pick({ program, upgradeMs }: Fate, atMs: number): Ask {
    const { chance } = this.#parts;
    if (atMs >= upgradeMs && chance.isBelow(LATER_SHARE)) {
      const later = program.asks.find(({ isLater }) => isLater);
      if (later !== undefined) return later;
    }
    const { called, calledUpTo } = program;
    const place = chance.next() * calledUpTo[called.length - 1]!;
    let index = 0;
    while (calledUpTo[index]! <= place && index < called.length - 1) index++;
    return called[index]!;
  }

  #access(
    fate: Fate,
    user: number,
    ask: Ask,
    atMs: number,
    { agreed, isForeground, manner }: { readonly agreed: Agreement; readonly isForeground: boolean; readonly manner: Manner },
  ): void {
    const { world, timeline, chance, lines, arrivals } = this.#parts;
    const { program } = fate;
    const draft = this.#draft(program, userOf(world, program, user), ask, {
      source: sourceOf(program.salt, user),
      eventMs: Math.max(0, timeline.toEventMs(atMs) + skewOf(program.salt, user)),
      isForeground,
    });
    if (manner.rows !== undefined) take(draft, ask, manner.rows);
    const volume = active(fate, 'volume', atMs);
    if (volume !== null && ask.need.category === volume.ask.need.category)
      take(draft, ask, Math.round(draft.rows * volume.factor));
    if (agreed === 'not agreed' && chance.isBelow(REFUSED_WITHOUT_CONSENT)) draft.outcome = 'refused';
    if (chance.isBelow(program.habits.deviating)) deviate(draft, ask, program, chance);
    arrivals.send(lines.access(draft), atMs, draft.source);
    if (chance.isBelow(RETRY)) {
      const retriedMs = atMs + chance.between(...RETRY_MS) * timeline.stretch;
      const retried = { ...draft, eventMs: draft.eventMs + Math.round((retriedMs - atMs) / timeline.stretch) };
      arrivals.send(lines.access(retried), retriedMs, draft.source);
    }
  }

  /** As the program declared it. */
  #draft(
    program: Program,
    user: string,
    { need }: Ask,
    { source, eventMs, isForeground }: Pick<Draft, 'source' | 'eventMs' | 'isForeground'>,
  ): Draft {
    const { chance, pendingShare } = this.#parts;
    const rows = need.rowsMax === 1 ? 1 : chance.between(1, need.rowsMax);
    const fate = chance.next();
    return {
      program,
      user,
      source,
      eventMs,
      api: need.api,
      purpose: need.purpose,
      page: need.page,
      isForeground,
      fields: usualFields(need),
      rows,
      bytes: need.bytesPerRow === 0 ? 0 : Math.round(rows * need.bytesPerRow * chance.within(0.8, 1.2)),
      outcome: fate < REFUSED ? 'refused' : fate < REFUSED + pendingShare ? 'pending' : 'performed',
      link:
        need.link === 'none'
          ? null
          : { kind: need.link, host: need.link === 'external' ? `m.${program.host}` : '', revealsFriends: false },
      durationMs: need.durationMs === 0 ? 0 : Math.round(need.durationMs * chance.within(0.2, 1.8)),
    };
  }
}

function take(draft: Draft, { need }: Ask, rows: number): void {
  draft.bytes = Math.round((draft.bytes / Math.max(draft.rows, 1)) * rows);
  draft.rows = rows;
  // A declaration's limit of bytes speaks of what rows weigh; none are less than nothing.
  if (need.bytesPerRow === 0) draft.bytes = 0;
}

/** The incident of a kind that goes on for a program at a moment. */
export function active({ incidents }: Fate, kind: Incident['kind'], atMs: number): Incident | null {
  for (const incident of incidents)
    if (incident.kind === kind && atMs >= incident.startMs && atMs < incident.endMs) return incident;
  return null;
}
