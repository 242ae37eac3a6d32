/**
 * Which hour of event time it is on a platform of many programs, found from the accesses themselves. An hour is over when a few programs
 * have gone on to later ones: the clock of a single one, or a record of the year 2200, moves nothing. Until then later accesses wait.
 */

/** Programs that must have gone on. With fewer on the whole platform there is nothing to be learned across programs. */
export const PROGRAMS_AHEAD_MIN = 3;
/** Accesses that wait; beyond it the one that has waited longest is handed on as it is. */
export const WAITING_MAX = 20_000;

export interface Timed {
  readonly program: string;
  /** Since 1970. */
  readonly hour: number;
}

export interface EventHoursOptions<Access extends Timed> {
  readonly onAccess: (access: Access) => void;
  /** Hours up to and with `closed` are over, as far as anybody can tell; `next` is the one that begins. */
  readonly onHour: (closed: number, next: number) => void;
}

export class EventHours<Access extends Timed> {
  readonly #options: EventHoursOptions<Access>;
  #current = Number.NEGATIVE_INFINITY;
  #waiting: Access[] = [];
  readonly #ahead = new Set<string>();

  constructor(options: EventHoursOptions<Access>) {
    this.#options = options;
  }

  /** Minus infinity before the first hour. */
  get current(): number {
    return this.#current;
  }

  /** Those of a program come in the order in which they were judged. */
  take(access: Access): void {
    if (access.hour <= this.#current) {
      this.#options.onAccess(access);
      return;
    }
    this.#waiting.push(access);
    this.#ahead.add(access.program);
    if (this.#ahead.size >= PROGRAMS_AHEAD_MIN) this.#goOn();
    else if (this.#waiting.length > WAITING_MAX) this.#options.onAccess(this.#waiting.shift()!);
  }

  #goOn(): void {
    const next = this.#waiting.reduce((first, { hour }) => Math.min(first, hour), Number.POSITIVE_INFINITY);
    const closed = this.#current;
    this.#current = next;
    if (closed !== Number.NEGATIVE_INFINITY) this.#options.onHour(closed, next);
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#ahead.clear();
    for (const access of waiting) this.take(access);
  }
}
