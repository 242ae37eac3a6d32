/** Collects what other partitions may need to know: what this one has learned of classes, and developers whose programs here have an excess. */
import { PRIOR_CLASSES_MAX, PRIOR_NAME_MAX, type ClassPrior } from '../../../schemas/events/prior.ts';
import type { DeveloperExcess, ExcessWindow, News } from '../../../schemas/results/news.ts';
import type { Baselines } from './baselines.ts';
import { classPriorOf } from './priors/class-prior.ts';
import { SIBLING_WINDOWS, type SiblingSums } from './siblings.ts';
import { A_DAY, EXCESS_TOLD_MIN, FOUR_HOURS, SCALE_HOURS } from './tuning.ts';

/** Told in one block, whose header has to stay below a megabyte. Later developers have to wait for an access of theirs in another block. */
const EXCESSES_MAX = 512;
/** Significant digits of a sum. */
const DIGITS = 6;

/**
 * What a word is about. One about another day takes nothing back, and one about an earlier block of the same day neither: a developer whose
 * programs also run on phones with a clock that is behind would have its fleet forgotten by them.
 */
export function aboutDay({ developer, category, hour }: DeveloperExcess): string {
  return JSON.stringify([developer, category, Math.floor(hour / SCALE_HOURS[A_DAY])]);
}

export function isOfEarlierBlock({ hour }: DeveloperExcess, before: DeveloperExcess): boolean {
  return blockOf(hour) < blockOf(before.hour);
}

function blockOf(hour: number): number {
  return Math.floor(hour / SCALE_HOURS[FOUR_HOURS]);
}

export class NewsForOthers {
  /** By developer, category and day of event time: the latest. */
  readonly #excesses = new Map<string, DeveloperExcess>();
  readonly #classes = new Map<string, ClassPrior>();

  /** Called with each access that the baselines have seen. */
  take({ known, siblings }: Baselines, developer: string, category: string, seconds: number): void {
    for (const number of known.classes.takeGrown()) {
      const name = known.classes.nameOf(number);
      if (name !== '' && name.length <= PRIOR_NAME_MAX) this.#classes.set(name, classPriorOf(name, known.classes.own(number)));
    }
    if (!siblings.isCurrent || developer.length > PRIOR_NAME_MAX) return;
    const windows = tellable(siblings);
    const one: DeveloperExcess = { developer, category, hour: Math.floor(seconds / 3600), windows };
    const key = aboutDay(one);
    const before = this.#excesses.get(key);
    if (windows.length === 0 || (before === undefined && this.#excesses.size >= EXCESSES_MAX)) return;
    if (before === undefined || !isOfEarlierBlock(one, before)) this.#excesses.set(key, one);
  }

  /** What there is since the last time; null: nothing. */
  give(): News | null {
    if (this.#excesses.size === 0 && this.#classes.size === 0) return null;
    const classes = [...this.#classes.values()].slice(0, PRIOR_CLASSES_MAX);
    for (const { name } of classes) this.#classes.delete(name);
    const excesses = [...this.#excesses.values()];
    this.#excesses.clear();
    return { classes, excesses };
  }
}

function tellable({ nats, inExcess, members }: SiblingSums): ExcessWindow[] {
  const windows: ExcessWindow[] = [];
  for (const [i, { scale, blocks }] of SIBLING_WINDOWS.entries()) {
    if (nats[i]! < EXCESS_TOLD_MIN) continue;
    const rounded = Number(nats[i]!.toPrecision(DIGITS));
    windows.push({ scaleHours: SCALE_HOURS[scale]!, blocks, nats: rounded, inExcess: inExcess[i]!, members: members[i]! });
  }
  return windows;
}
