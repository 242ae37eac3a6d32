/**
 * Knowledge across programs: the baselines of all partitions as one, learned from result rows by the code that judges accesses, and what of
 * it partitions are to be told. Bounded, without a clock; what it says follows from the rows and their order.
 */
import { createHash } from 'node:crypto';
import { CATEGORIES, CATEGORY_INDEX } from '../../../schemas/codes.ts';
import {
  type ClassPrior,
  FLEET_NATS_MAX,
  type FleetPrior,
  type Prior,
  PRIOR_CLASSES_MAX,
  PRIOR_FLEETS_MAX,
  PRIOR_NAME_MAX,
} from '../../../schemas/events/prior.ts';
import { PartitionBaselines } from '../baselines/partition-baselines.ts';
import { classPriorOf } from '../baselines/priors/class-prior.ts';
import { C_DAYS } from '../baselines/state/class-rows.ts';
import { CLASS_PRIORS_MAX } from '../baselines/state/class-priors.ts';
import { BUDGET_DEFAULT, SCALE_HOURS } from '../baselines/tuning.ts';
import { sipKey } from '../duplicates/half-sip-hash.ts';
import { putInForce } from '../program/declaration.ts';
import type { RowReader } from '../results/row-reader.ts';
import { type ProgramState, ProgramTable } from '../state/program-table.ts';
import { UserHash } from '../state/user-hash.ts';
import { EventHours } from './event-hours.ts';

/** Classes are said anew at every so many hours, if what they are learned from has grown by a tenth. */
const CLASSES_EVERY_HOURS = 6;
const GROWN = 1.1;
/** Program-days that a class is said with at least; a partition judges by eight of its own. */
const CLASS_SAID_DAYS_MIN = 24;
/** Fleets below it are no news to a program that is judged: e^-4 is common. */
const FLEET_NATS_MIN = 4;
/** Said of one hour, the most surprising first. */
const FLEETS_MAX = 1024;
/** Programs that are learned from; later ones are left out. */
const PROGRAMS_MAX = 1_000_000;

/** What is said at the end of an hour, in records that each fit the log. */
export interface Edition {
  /** Since 1970; of one kind they ascend. */
  readonly hour: number;
  readonly kind: Prior['kind'];
  readonly priors: readonly Prior[];
}

interface SeenAccess {
  readonly program: string;
  readonly hour: number;
  readonly state: ProgramState;
  readonly category: string;
  readonly eventTimeUs: number;
  readonly access: { readonly user: string; readonly foreground: boolean; readonly rows: number; readonly bytes: number };
}

export class Aggregation {
  readonly #baselines: PartitionBaselines;
  readonly #userHash: UserHash;
  readonly #programs = new ProgramTable();
  readonly #hours = new EventHours<SeenAccess>({
    onAccess: (access) => this.#see(access),
    onHour: (closed, next) => this.#close(closed, next),
  });
  /** By developer with several programs: categories used this hour. */
  readonly #used = new Map<string, Set<number>>();
  /** Days that a class was last said with. */
  readonly #daysSaid = new Map<string, number>();
  /** The newest edition of each kind that nobody has taken. */
  readonly #due = new Map<Prior['kind'], Edition>();

  constructor(logId: string) {
    this.#baselines = new PartitionBaselines();
    this.#userHash = new UserHash(sipKey(createHash('sha256').update(`ntk aggregator ${logId}`).digest()));
  }

  /** The hour of event time that is under way, since 1970; null before the first. */
  get hour(): number | null {
    return Number.isFinite(this.#hours.current) ? this.#hours.current : null;
  }

  /** Programs that it learns from. */
  get programs(): number {
    return this.#programs.count;
  }

  /** Takes in the row that a reader stands on. Rows of a program come in their order. */
  take(row: RowReader): void {
    if (!row.isJudged) return;
    const { program, user, foreground, rows, bytes, category, eventTimeMs } = row;
    if (this.#programs.count >= PROGRAMS_MAX && this.#programs.find(program) === undefined) return;
    const state = this.#programs.of(program);
    this.#declare(state, row);
    const eventTimeUs = eventTimeMs * 1000;
    const hour = Math.floor(eventTimeMs / 3_600_000);
    this.#hours.take({ program, hour, state, category, eventTimeUs, access: { user, foreground, rows, bytes } });
  }

  /** Class and developer are columns of a row; a declaration that says no more than them stands for the one that was in force. */
  #declare(program: ProgramState, row: RowReader): void {
    const { declarationVersion: version } = row;
    const { declaration } = program;
    // A program without a declaration has version 0; class and developer change with the version alone.
    if (version === (declaration?.version ?? 0)) return;
    const { developer, className } = row.names();
    const stated = { version, developer, className, purposes: [], linkHosts: [] };
    program.declaration = putInForce(stated, declaration, row.eventTimeMs * 1000);
    this.#baselines.declared(program);
  }

  #see({ state: program, category, eventTimeUs, access }: SeenAccess): void {
    this.#baselines.see({ program, category, eventTimeUs, access }, this.#userHash.of(access.user), BUDGET_DEFAULT);
    const developer = program.declaration?.developer ?? '';
    if (!this.#baselines.hasSiblings(developer)) return;
    let used = this.#used.get(developer);
    if (used === undefined) this.#used.set(developer, (used = new Set()));
    used.add(CATEGORY_INDEX.get(category)!);
  }

  #close(closed: number, next: number): void {
    const fleets = this.#fleetsAt(closed);
    this.#used.clear();
    if (fleets.length > 0) {
      const priors = pieces(fleets, PRIOR_FLEETS_MAX).map((some): Prior => ({ kind: 'fleets', fleets: some }));
      this.#due.set('fleets', { hour: closed, kind: 'fleets', priors });
    } else this.#due.delete('fleets');
    if (Math.floor(next / CLASSES_EVERY_HOURS) === Math.floor(closed / CLASSES_EVERY_HOURS)) return;
    const classes = this.#classesThatGrew();
    if (classes.length === 0) return;
    // Those that were due already and were not taken are in it, or did not grow since.
    const waiting = (this.#due.get('classes')?.priors ?? []).flatMap((prior) => (prior.kind === 'classes' ? prior.classes : []));
    const all = [...new Map([...waiting, ...classes].map((one) => [one.name, one])).values()];
    const priors = pieces(all, PRIOR_CLASSES_MAX).map((some): Prior => ({ kind: 'classes', classes: some }));
    this.#due.set('classes', { hour: closed, kind: 'classes', priors });
  }

  #fleetsAt(hour: number): FleetPrior[] {
    const found: FleetPrior[] = [];
    for (const [developer, categories] of this.#used) {
      if (developer.length > PRIOR_NAME_MAX) continue;
      for (const category of categories) {
        const sum = this.#baselines.siblingsOf(developer, category, hour);
        if (sum === null || sum.nats < FLEET_NATS_MIN) continue;
        const { scale, block, inExcess, members } = sum;
        const nats = Math.min(FLEET_NATS_MAX, Number(sum.nats.toPrecision(6)));
        found.push({
          developer,
          category: CATEGORIES[category]!,
          scaleHours: SCALE_HOURS[scale]!,
          block,
          nats,
          inExcess,
          members,
        });
      }
    }
    return found.toSorted((a, b) => b.nats - a.nats).slice(0, FLEETS_MAX);
  }

  #classesThatGrew(): ClassPrior[] {
    const grown: ClassPrior[] = [];
    for (const [name, row] of this.#baselines.baselines.known.classes.all()) {
      const days = row[C_DAYS]!;
      const said = this.#daysSaid.get(name) ?? 0;
      const isKept = this.#daysSaid.size < CLASS_PRIORS_MAX || said > 0;
      if (name === '' || name.length > PRIOR_NAME_MAX || !isKept || days < CLASS_SAID_DAYS_MIN || days < said * GROWN) continue;
      this.#daysSaid.set(name, days);
      grown.push(classPriorOf(name, row));
    }
    return grown;
  }

  /** What is to be said now; it is then said. Classes before fleets. */
  due(): Edition[] {
    const editions = [...this.#due.values()].toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
    this.#due.clear();
    return editions;
  }
}

function pieces<Item>(items: readonly Item[], max: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / max) }, (_, i) => items.slice(i * max, (i + 1) * max));
}
