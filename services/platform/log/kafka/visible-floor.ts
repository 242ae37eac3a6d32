/**
 * What this process knows to be in the log. EndTxn is answered before the markers are written, so a read right after a commit might
 * not see it; and a leader that was deposed without knowing it would show an old end. Readers wait until a partition's stable
 * offset has passed what was written here.
 */
export class VisibleFloor {
  readonly #floors = new Map<string, number>();

  /** Records below `offset` were stored and their transaction has ended. */
  raise(topic: string, partition: number, offset: number): void {
    const key = `${topic} ${partition}`;
    if (offset > (this.#floors.get(key) ?? 0)) this.#floors.set(key, offset);
  }

  /** The stable offset cannot lie below this. */
  of(topic: string, partition: number): number {
    return this.#floors.get(`${topic} ${partition}`) ?? 0;
  }
}
