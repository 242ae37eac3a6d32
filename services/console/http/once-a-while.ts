/** Something that costs, asked for by many: made once at a time and kept for a while. */
import type { Clock } from '../../platform/clock.ts';

/** What took long is kept so many times as long: making it stays below a tenth of the time. */
const KEEP_SHARE = 9;

export class OnceAWhile<T> {
  readonly #make: () => Promise<T>;
  readonly #keepMs: number;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #made: Promise<T> | null = null;
  #keptUntilMs = 0;

  /** @param keepMs how long at least one is kept, milliseconds */
  constructor(make: () => Promise<T>, keepMs: number, clock: Pick<Clock, 'monotonicMs'>) {
    this.#make = make;
    this.#keepMs = keepMs;
    this.#clock = clock;
  }

  /** What was made, or is being made, is out of date: whoever asks from now on gets another. */
  forget(): void {
    this.#made = null;
  }

  /** What fails is not kept. */
  async get(): Promise<T> {
    const beganMs = this.#clock.monotonicMs();
    if (this.#made !== null && beganMs < this.#keptUntilMs) return this.#made;
    // While it is made, all wait for the same one.
    this.#keptUntilMs = Number.POSITIVE_INFINITY;
    const making = this.#make();
    this.#made = making;
    try {
      const made = await making;
      if (this.#made !== making) return made;
      const nowMs = this.#clock.monotonicMs();
      this.#keptUntilMs = nowMs + Math.max(this.#keepMs, (nowMs - beganMs) * KEEP_SHARE);
      return made;
    } catch (error) {
      if (this.#made === making) this.#made = null;
      throw error;
    }
  }
}
