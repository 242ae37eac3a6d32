/**
 * Lines by their arrival, for a while ahead: an event that comes in late waits here. What is held is what was made of the slice that is
 * told now, and the late ones of slices before, so it does not grow with the length of a story.
 */

interface Arrival {
  readonly atMs: number;
  readonly line: string;
}

export class Agenda {
  readonly #slices = new Map<number, Arrival[]>();
  readonly #sliceMs: number;
  #next: number;

  /** Slices of `sliceMs` story milliseconds; the first to be taken holds `startMs`. */
  constructor(sliceMs: number, startMs: number) {
    this.#sliceMs = sliceMs;
    this.#next = Math.floor(startMs / sliceMs);
  }

  get isEmpty(): boolean {
    return this.#slices.size === 0;
  }

  /** What should have arrived in a slice that was taken already comes with the next one. */
  put(atMs: number, line: string): void {
    const slice = Math.max(this.#next, Math.floor(atMs / this.#sliceMs));
    const arrivals = this.#slices.get(slice);
    if (arrivals === undefined) this.#slices.set(slice, [{ atMs, line }]);
    else arrivals.push({ atMs, line });
  }

  /** The lines of the next slice in the order of their arrival; those of one moment as they were put. */
  take(): string[] {
    const arrivals = this.#slices.get(this.#next) ?? [];
    this.#slices.delete(this.#next++);
    return arrivals.sort((a, b) => a.atMs - b.atMs).map(({ line }) => line);
  }
}
