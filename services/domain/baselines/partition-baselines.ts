/** The baselines as a part of a partition's state: which program has which slot, whose siblings they are, and how all lies in pages. */
import type { Subject } from '../checks/subject.ts';
import type { Access } from '../record/record.ts';
import { ByteReader, type ByteWriter } from '../state/bytes.ts';
import { insertAscending } from '../state/ascending.ts';
import { PageSet } from '../state/page-set.ts';
import { grownInt32 } from '../state/columns.ts';
import type { ProgramState, ProgramTable } from '../state/program-table.ts';
import type { UserWords } from '../state/user-hash.ts';
import { classOf } from '../program/class-of.ts';
import { appearanceOf } from '../program/declaration.ts';
import { Baselines } from './baselines.ts';
import type { Prior } from '../../../schemas/events/prior.ts';
import type { News } from '../../../schemas/results/news.ts';
import { classRowOf } from './priors/class-prior.ts';
import { RAMP } from './features.ts';
import { NewsForOthers } from './news-for-others.ts';
import type { Sighting } from './sighting.ts';
import { FleetPriors, fleetOf } from './state/fleet-priors.ts';
import { LATELY_LISTED_SECONDS, LISTED_SECONDS, SIBLINGS_MIN } from './tuning.ts';

export const BASELINE_PAGE_KINDS = [
  'baselinePlatform',
  'baselineClasses',
  'baselinePrograms',
  'baselineKeys',
  'baselineUsers',
  'baselineClassPriors',
  'baselineFleetPriors',
] as const;
export type BaselinePageKind = (typeof BASELINE_PAGE_KINDS)[number];

/** What of an access, and of what is true about it, the baselines look at. */
export type Seen = Pick<Subject, 'program' | 'category' | 'categoryIndex' | 'eventTimeUs'> & {
  readonly access: Pick<Access, 'foreground' | 'rows' | 'bytes'>;
};

interface Developer {
  readonly id: string;
  /** Slots, ascending. NOBODY has none: programs without a developer are no siblings. */
  readonly programs: number[];
}

const NOBODY: Developer = { id: '', programs: [] };

export function isBaselineKind(kind: string): kind is BaselinePageKind {
  return (BASELINE_PAGE_KINDS as readonly string[]).includes(kind);
}

export class PartitionBaselines {
  /** What the last access was found to be; see {@link Baselines}. */
  readonly baselines: Baselines;
  readonly #platform = new PageSet((_, out) => this.#encodePlatform(out));
  /** By slot: number of the program's class, and its developer. */
  #classes = new Int32Array(256);
  readonly #developerOf: Developer[] = [];
  /** By id, those who have programs here. */
  readonly #developers = new Map<string, Developer>();
  /** What other partitions may need to know; null where there are no others. */
  readonly #news: NewsForOthers | null;
  readonly #fleets = new FleetPriors();
  readonly #seen: Sighting = {
    fleets: null,
    program: 0,
    classNumber: 0,
    category: 0,
    seconds: 0,
    isForeground: true,
    rows: 0,
    bytes: 0,
    isNewlyListed: false,
    isFreshlyListed: false,
    isLatelyListed: false,
  };

  /** @param isAlone there is no other partition that needs to know anything */
  constructor(isAlone = true) {
    this.baselines = new Baselines((slot) => this.#classes[slot]!);
    this.#news = isAlone ? null : new NewsForOthers();
  }

  /** Baselines, each of a program and a category. */
  get count(): number {
    return this.baselines.known.keys.count;
  }

  /** Bytes of memory that the baselines hold, but for a few kilobytes. */
  get bytes(): number {
    const { programs, keys, users } = this.baselines.known;
    return programs.bytes + keys.bytes + users.bytes;
  }

  pageSet(kind: BaselinePageKind): PageSet {
    const { known } = this.baselines;
    switch (kind) {
      case 'baselinePlatform':
        return this.#platform;
      case 'baselineClasses':
        return known.classes.pages;
      case 'baselinePrograms':
        return known.programs.pages;
      case 'baselineKeys':
        return known.keys.pages;
      case 'baselineUsers':
        return known.users.pages;
      case 'baselineClassPriors':
        return known.classes.priors.pages;
      case 'baselineFleetPriors':
        return this.#fleets.pages;
    }
  }

  /** Takes in an access that reached check 9, with the budget of the policy in force. */
  see(subject: Seen, user: UserWords, budget: number): Baselines {
    const { program, access, category, categoryIndex, eventTimeUs } = subject;
    this.#platform.touch(0);
    if (program.baselineSlot === -1) this.#add(program);
    const seen = this.#seen;
    const seconds = eventTimeUs / 1e6;
    seen.program = program.baselineSlot;
    seen.classNumber = this.#classes[program.baselineSlot]!;
    seen.category = categoryIndex;
    seen.seconds = seconds;
    seen.isForeground = access.foreground;
    seen.rows = access.rows;
    seen.bytes = access.bytes;
    const { declaration } = program;
    const listedUs = declaration === null ? undefined : appearanceOf(declaration, category)?.sinceUs;
    const listedFor = listedUs === undefined ? Number.POSITIVE_INFINITY : seconds - listedUs / 1e6;
    const wasAdded = listedUs !== undefined && listedUs > declaration!.firstDeclaredUs;
    seen.isFreshlyListed = listedFor < LISTED_SECONDS;
    seen.isNewlyListed = wasAdded && seen.isFreshlyListed;
    seen.isLatelyListed = wasAdded && !seen.isFreshlyListed && listedFor < LATELY_LISTED_SECONDS;
    const developer = this.#developerOf[program.baselineSlot]!;
    seen.fleets = this.#fleets.count === 0 ? null : this.#fleets.of(developer.id);
    const isOfUse = this.#news !== null || developer.programs.length >= SIBLINGS_MIN;
    this.baselines.see(seen, user, (isOfUse ? developer : NOBODY).programs, budget);
    this.#news?.take(this.baselines, developer.id, category, seconds);
    return this.baselines;
  }

  /** What there is to tell other partitions since the last time it was asked for; null: nothing. */
  takeNews(): News | null {
    return this.#news?.give() ?? null;
  }

  #add(program: ProgramState): void {
    program.baselineSlot = this.baselines.known.addProgram(program.id);
    this.declared(program);
  }

  /** Must be called when a program's declaration changed: class and siblings follow from it. */
  declared(program: ProgramState): void {
    const slot = program.baselineSlot;
    if (slot === -1) return;
    this.#classes = grownInt32(this.#classes, slot + 1);
    this.#classes[slot] = this.baselines.known.classes.numberOf(classOf(program));
    const id = program.declaration?.developer ?? '';
    const before = this.#developerOf[slot];
    if (before?.id === id) return;
    if (before !== undefined && before !== NOBODY) {
      before.programs.splice(before.programs.indexOf(slot), 1);
      if (before.programs.length === 0) this.#developers.delete(before.id);
    }
    this.#developerOf[slot] = id === '' ? NOBODY : this.#developerWith(id, slot);
  }

  #developerWith(id: string, slot: number): Developer {
    let developer = this.#developers.get(id);
    if (developer === undefined) this.#developers.set(id, (developer = { id, programs: [] }));
    // A developer may have a hundred thousand: the place is found by halves.
    insertAscending(developer.programs, slot);
    return developer;
  }

  /** Takes up what a prior says, from its place in the log on. Answers how much of it has no effect here, for want of room. */
  takePrior(prior: Prior): number {
    let left = 0;
    if (prior.kind === 'classes') {
      const { classes } = this.baselines.known;
      for (const one of prior.classes) if (!classes.takePrior(one.name, classRowOf(one))) left++;
      return left;
    }
    for (const one of prior.fleets) {
      const fleet = fleetOf(one);
      // Whoever has no program here needs no place.
      if (fleet === null || !this.#developers.has(one.developer)) continue;
      if (!this.#fleets.put(one.developer, fleet)) left++;
    }
    return left;
  }

  #encodePlatform(out: ByteWriter): void {
    const { known } = this.baselines;
    for (let feature = 0; feature < RAMP; feature++) known.calibrations[feature]!.write(out);
    known.scores.write(out);
    for (const value of known.dispersion) out.double(value);
    for (const value of known.clustering) out.double(value);
    for (let i = 0; i < 2 * RAMP; i++) out.double(known.worst[i]!);
    out.double(known.daysAtRefresh);
    // Engine 3 had none of these, and its pages are read.
    known.scores.writeOrdinary(out);
    known.calibrations[RAMP]!.write(out);
    for (let i = 2 * RAMP; i < known.worst.length; i++) out.double(known.worst[i]!);
    known.common.write(out);
  }

  /**
   * Takes up stored pages; the programs have been restored.
   * @throws PageCorruptError when they are not what was written
   */
  restore(pages: Readonly<Record<BaselinePageKind, readonly Buffer[]>>, programs: ProgramTable): void {
    const { known } = this.baselines;
    for (const bytes of pages.baselineClassPriors) known.classes.priors.restore(new ByteReader(bytes));
    for (const bytes of pages.baselineFleetPriors) this.#fleets.restore(new ByteReader(bytes));
    for (const bytes of pages.baselineClasses) known.classes.restore(new ByteReader(bytes));
    for (const bytes of pages.baselinePrograms) {
      const [from, to] = known.programs.restore(new ByteReader(bytes));
      for (let slot = from; slot < to; slot++) {
        const program = programs.of(known.programs.id(slot));
        program.baselineSlot = slot;
        this.declared(program);
      }
    }
    for (const bytes of pages.baselineKeys) known.keys.restore(new ByteReader(bytes));
    known.users.restore(pages.baselineUsers);
    const [platform] = pages.baselinePlatform;
    if (platform === undefined) return;
    const reader = new ByteReader(platform);
    for (let feature = 0; feature < RAMP; feature++) known.calibrations[feature]!.restore(reader);
    known.scores.restore(reader);
    for (let i = 0; i < known.dispersion.length; i++) known.dispersion[i] = reader.double();
    for (let i = 0; i < known.clustering.length; i++) known.clustering[i] = reader.double();
    known.poolDispersions();
    for (let i = 0; i < 2 * RAMP; i++) known.worst[i] = reader.double();
    known.daysAtRefresh = reader.double();
    if (reader.done) return;
    known.scores.restoreOrdinary(reader);
    known.calibrations[RAMP]!.restore(reader);
    for (let i = 2 * RAMP; i < known.worst.length; i++) known.worst[i] = reader.double();
    known.common.restore(reader);
  }
}
