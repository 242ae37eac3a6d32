/** `ntk_source_last_seen_seconds{source}`: a silent host looks like good behaviour, so its silence is measured. */
import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../clock.ts';

/** Sources with a label of their own. They are named by whoever sends, so there may not be any number of them. */
export const SOURCES_MAX = 200;
const SOURCE_CHARS_MAX = 100;
/** Stands for the sources beyond that. */
const OTHER = 'other';

export class LastSeen {
  readonly #seenAtMs = new Map<string, number>();

  constructor(registry: Registry, clock: Pick<Clock, 'nowMs'>) {
    const seenAtMs = this.#seenAtMs;
    // Aged when it is asked for, so that it grows while nothing comes.
    new Gauge({
      name: 'ntk_source_last_seen_seconds',
      help: 'How long ago a source reported anything.',
      labelNames: ['source'],
      registers: [registry],
      collect() {
        const nowMs = clock.nowMs();
        for (const [source, atMs] of seenAtMs) this.set({ source }, Math.max(0, nowMs - atMs) / 1000);
      },
    });
  }

  /** A record of `source` was appended at `atMs` (milliseconds since 1970); an earlier time than before changes nothing. */
  seen(source: string, atMs: number): void {
    const short = source.slice(0, SOURCE_CHARS_MAX);
    const label = this.#seenAtMs.has(short) || this.#seenAtMs.size < SOURCES_MAX ? short : OTHER;
    this.#seenAtMs.set(label, Math.max(atMs, this.#seenAtMs.get(label) ?? 0));
  }
}
