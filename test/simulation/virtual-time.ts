/**
 * Time that passes only when nothing else can be done: a queue of events by their moments. Between two events everything that the
 * first set going has its turn, so that the order of events, which the seed decides, is the order of everything.
 */
interface Event {
  readonly atMs: number;
  /** Among events of the same moment the one that was planned first comes first. */
  readonly place: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** Promises that are settled have told everybody by the next turn of Node's loop. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class VirtualTime {
  /** Milliseconds since 1970, with a fraction. */
  nowMs: number;
  /** A binary heap. */
  readonly #events: Event[] = [];
  #places = 0;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  /** @returns takes it back, as long as it has not happened */
  after(ms: number, run: () => void): () => void {
    const event: Event = { atMs: this.nowMs + Math.max(0, ms), place: this.#places++, run, isCancelled: false };
    this.#push(event);
    return () => {
      event.isCancelled = true;
    };
  }

  /** Lets the next event happen, with all that follows from it at once. False when none is left. */
  async next(): Promise<boolean> {
    let event = this.#popPlanned();
    if (event === undefined) {
      // Whoever called may have set something going since the last one, which plans some by itself.
      await settled();
      event = this.#popPlanned();
    }
    if (event === undefined) return false;
    this.nowMs = event.atMs;
    event.run();
    await settled();
    return true;
  }

  /** The next one that was not taken back. */
  #popPlanned(): Event | undefined {
    let event = this.#pop();
    while (event?.isCancelled === true) event = this.#pop();
    return event;
  }

  #push(event: Event): void {
    const events = this.#events;
    let at = events.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(events[parent]!, event)) break;
      events[at] = events[parent]!;
      at = parent;
    }
    events[at] = event;
  }

  #pop(): Event | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (first === undefined || last === undefined || events.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= events.length) break;
      if (child + 1 < events.length && isBefore(events[child + 1]!, events[child]!)) child++;
      if (isBefore(last, events[child]!)) break;
      events[at] = events[child]!;
      at = child;
    }
    events[at] = last;
    return first;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.place < other.place);
}
