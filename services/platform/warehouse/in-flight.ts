/** What is under way on a warehouse, so that closing can wait for it: closing a busy engine breaks it for the whole process. */
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { OWN_CODES, warehouseError } from './error-codes.ts';

/** A result that nobody reads on is cut off this long after closing began. */
const STREAM_WAIT_MS = 10_000;

export class InFlight {
  readonly #where: string;
  readonly #operations = new Set<Promise<unknown>>();
  readonly #streams = new Set<Readable>();
  #closed = false;

  constructor(where: string) {
    this.#where = where;
  }

  /** @throws WarehouseError `WAREHOUSE_CLOSED` */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(warehouseError(OWN_CODES.closed, `${this.#where}: is closed`));
    const operation = work();
    const settled = operation.then(
      () => {},
      () => {},
    );
    this.#operations.add(settled);
    void settled.then(() => this.#operations.delete(settled));
    return operation;
  }

  /** Counts a result as under way until it is closed. */
  track(stream: Readable): Readable {
    this.#streams.add(stream);
    // Whoever reads hears of an error; a result that was left alone and is cut off must not end the process.
    stream.on('error', () => {});
    stream.once('close', () => this.#streams.delete(stream));
    return stream;
  }

  /** Nothing new from now on; resolves when all that was under way has ended. */
  async end(): Promise<void> {
    this.#closed = true;
    while (this.#operations.size > 0) await Promise.all(this.#operations);
    const closed = [...this.#streams].map((stream) => new Promise<void>((resolve) => void stream.once('close', resolve)));
    const waiting = new AbortController();
    await Promise.race([
      Promise.all(closed),
      pause(STREAM_WAIT_MS, undefined, { signal: waiting.signal, ref: false }).catch(() => {}),
    ]);
    waiting.abort();
    for (const stream of this.#streams)
      stream.destroy(warehouseError(OWN_CODES.closed, `${this.#where}: was closed before its result was read`));
    await Promise.all(closed);
  }
}
