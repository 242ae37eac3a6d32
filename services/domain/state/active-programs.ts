/**
 * How many programs have had an access lately, for metrics only: it is no part of a checkpoint and begins anew when a partition is
 * taken. Counted as it happens, by the hour of each program's latest access, so that asking costs nothing however many there are.
 */
const HOUR_MS = 3_600_000;
/** Hours that are kept: one more than anybody asks for, because the newest has only begun. */
const HOURS_KEPT = 26;

export class ActivePrograms {
  /** Programs whose latest access was in an hour since 1970. */
  readonly #byHour = new Map<number, number>();
  #newest = 0;

  /** @param program what remembers the hour of its latest access; an earlier access than that changes nothing */
  accessed(program: { activeHour: number }, eventTimeMs: number): void {
    const hour = Math.floor(eventTimeMs / HOUR_MS);
    if (hour <= program.activeHour) return;
    const before = this.#byHour.get(program.activeHour);
    if (before !== undefined) this.#byHour.set(program.activeHour, before - 1);
    program.activeHour = hour;
    this.#byHour.set(hour, (this.#byHour.get(hour) ?? 0) + 1);
    if (hour <= this.#newest) return;
    this.#newest = hour;
    for (const old of this.#byHour.keys()) if (old <= hour - HOURS_KEPT) this.#byHour.delete(old);
  }

  /** Programs with an access in the 24 hours before `nowMs`, to the hour: those of the 25th hour are in it as a whole. */
  lastDay(nowMs: number): number {
    const from = Math.floor(nowMs / HOUR_MS) - 24;
    let programs = 0;
    for (const [hour, count] of this.#byHour) if (hour >= from) programs += count;
    return programs;
  }
}
