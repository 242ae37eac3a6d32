/** `ntk_source_last_seen_seconds{source}`: a silent host looks like good behaviour, so its silence is measured. */
import type { Registry } from 'prom-client';
import type { Clock } from '../clock.ts';
import { BoundedNames, looksLikeAName, OTHER, SOURCE_NAMES_MAX } from './bounded-names.ts';
import { lookedUp } from './definition.ts';
import { SOURCE_LAST_SEEN } from './judging-metrics.ts';

export class LastSeen {
  readonly #seenAtMs = new Map<string, number>();
  readonly #listed: ReadonlySet<string> | null;
  readonly #names = new BoundedNames(SOURCE_NAMES_MAX);

  /**
   * @param registry null: not shown here
   * @param listed sources that are shown, and no others; each counts as seen now, so that one that never reports is missed. Null:
   *   those that look like names, because a source is chosen by whoever sends and may be somebody's id.
   */
  constructor(registry: Registry | null, clock: Pick<Clock, 'nowMs'>, listed: readonly string[] | null) {
    const seenAtMs = this.#seenAtMs;
    this.#listed = listed === null ? null : new Set(listed);
    for (const source of listed ?? []) seenAtMs.set(source, clock.nowMs());
    if (registry === null) return;
    // Aged when it is asked for, so that it grows while nothing comes.
    lookedUp(SOURCE_LAST_SEEN, registry, (gauge) => {
      const nowMs = clock.nowMs();
      for (const [source, atMs] of seenAtMs) gauge.set({ source }, Math.max(0, nowMs - atMs) / 1000);
    });
  }

  /** A record of `source` was appended at `atMs` (milliseconds since 1970); an earlier time than before changes nothing. */
  seen(source: string, atMs: number): void {
    const label = this.#labelOf(source);
    this.#seenAtMs.set(label, Math.max(atMs, this.#seenAtMs.get(label) ?? 0));
  }

  #labelOf(source: string): string {
    if (this.#listed !== null) return this.#listed.has(source) ? source : OTHER;
    return looksLikeAName(source) ? this.#names.label(source) : OTHER;
  }
}
