/** Lets so many at a time do something; the others wait in the order in which they came. */

export class Turnstile {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** @param places how many may be inside at once */
  constructor(places: number) {
    if (!Number.isInteger(places) || places < 1) throw new RangeError(`a turnstile needs at least one place, not ${places}`);
    this.#free = places;
  }

  /** Whoever waits here is bounded by whoever calls: each partition waits once. */
  async inside<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((enter) => this.#waiting.push(enter));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The place goes straight on to whoever is next.
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
