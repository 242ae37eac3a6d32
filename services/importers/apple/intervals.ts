/**
 * Begins and ends of a report, paired by their identifier. A report covers seven days, so intervals may be open at either edge; a
 * begin may also stand behind its end.
 */
import type { OddThings } from '../odd-things.ts';
import type { ReportedApi } from './api-names.ts';
import type { AccessLine, Stamp } from './report-line.ts';

export interface Interval extends ReportedApi {
  readonly identifier: string;
  readonly program: string;
  /** Place of its first line among the things of the report, for the order. */
  readonly order: number;
  readonly line: number;
  begin: Stamp | null;
  end: Stamp | null;
  /** A single moment: it has no duration and lacks no end. */
  isEvent: boolean;
}

export class IntervalTable {
  readonly #odd: OddThings;
  #open = new Map<string, Interval>();
  /** Open ones that have waited for a whole run of lines already; see {@link IntervalTable.take}. */
  #waiting = new Set<string>();

  constructor(odd: OddThings) {
    this.#odd = odd;
  }

  /** False when the identifier already belongs to something else: then the line is of no use here. */
  add(access: AccessLine, order: number, line: number): boolean {
    const { identifier, program, api, category, phase, at } = access;
    let interval = this.#open.get(identifier);
    if (interval === undefined) {
      interval = { identifier, program, api, category, order, line, begin: null, end: null, isEvent: false };
      this.#open.set(identifier, interval);
    } else if (interval.program !== program || interval.api !== api) return false;
    const side = phase === 'end' ? 'end' : 'begin';
    if (interval[side] !== null) this.#odd.note('repeated_identifier', line);
    else {
      interval[side] = at;
      if (phase === 'event') interval.isEvent = true;
    }
    return true;
  }

  /**
   * Removes and answers the intervals that are known as well as they will be. One that lacks an end (or a begin) waits for one more
   * run of lines before it is taken as it is, unless the report is over.
   */
  take(isLast: boolean): Interval[] {
    const taken: Interval[] = [];
    const open = new Map<string, Interval>();
    for (const [identifier, interval] of this.#open) {
      const isWhole = interval.isEvent || (interval.begin !== null && interval.end !== null);
      if (isWhole || isLast || this.#waiting.has(identifier)) {
        taken.push(interval);
        this.#noteOddities(interval);
      } else open.set(identifier, interval);
    }
    this.#open = open;
    this.#waiting = new Set(open.keys());
    return taken;
  }

  #noteOddities({ begin, end, isEvent, line }: Interval): void {
    if (begin === null) this.#odd.note('end_without_begin', line);
    else if (end === null && !isEvent) this.#odd.note('begin_without_end', line);
    else if (end !== null && end.us < begin.us) this.#odd.note('end_before_begin', line);
  }
}

/** Whole milliseconds, cut; 0 when the end comes first; undefined when one side is not known. */
export function durationMsOf({ begin, end }: Interval): number | undefined {
  return begin === null || end === null ? undefined : Math.max(0, Math.floor((end.us - begin.us) / 1000));
}
