/** How an access gets to the log: usually at once, sometimes late, twice, or with all the others after an outage. */
import { type Chance, hash, share } from '../chance/chance.ts';
import { power } from '../chance/exact-math.ts';
import { type Outage, SOURCE_SHARES } from '../story/story.ts';
import type { Agenda } from './agenda.ts';

const AT_ONCE_MIN_MS = 60;
const AT_ONCE_MEAN_MS = 700;
/** A host that gathers, or a slow network. */
const GATHERED = 0.01;
const GATHERED_MS = [5_000, 120_000] as const;
/** A phone without a network: from a minute to six hours, each doubling as likely as the next. */
const OFFLINE = 0.003;
const OFFLINE_MIN_MS = 60_000;
const LATE_MAX_MS = 6 * 3_600_000;
/** Sent again with the same id, because the answer got lost. */
const REPEATED = 0.004;
const REPEATED_AFTER_OUTAGE = 0.03;
const REPEATED_MS = [500, 30_000] as const;
/** After an outage a host sends this many times as fast as it gathered. */
const CATCH_UP = 7;

/** Users whose clock is wrong: half of them by seconds, some by minutes, in either direction. */
const SKEWED = 0.006;
const SKEW_MAX_MS = 600_000;
const SKEW = 0x736b;
const DEVICE = 0x6465;

/** Of {@link SOURCES}: the phone that a user has. */
export function sourceOf(program: number, user: number): number {
  const place = share(program, user, DEVICE);
  return place < SOURCE_SHARES[0] ? 0 : place < SOURCE_SHARES[0] + SOURCE_SHARES[1] ? 1 : 2;
}

/** What a user's clock shows too much, in milliseconds. */
export function skewOf(program: number, user: number): number {
  const place = share(program, user, SKEW);
  if (place >= SKEWED) return 0;
  const size = Math.round(2_000 * power(SKEW_MAX_MS / 2_000, place / SKEWED));
  return (hash(user, program) & 1) === 0 ? size : -size;
}

export class Arrivals {
  readonly #agenda: Agenda;
  readonly #chance: Chance;
  readonly #stretch: number;
  #outages: readonly Outage[] = [];

  /** Draws from `chance`, which its owner sets to the place in the story. */
  constructor(agenda: Agenda, chance: Chance, stretch: number) {
    this.#agenda = agenda;
    this.#chance = chance;
    this.#stretch = stretch;
  }

  during(outages: readonly Outage[]): void {
    this.#outages = outages;
  }

  send(line: string, happenedMs: number, source: number): void {
    const sentMs = happenedMs + this.#delayMs() * this.#stretch;
    const outage = this.#outages.find((one) => one.source === source && sentMs >= one.startMs && sentMs < one.endMs);
    const arrivedMs = outage === undefined ? sentMs : outage.endMs + (sentMs - outage.startMs) / CATCH_UP;
    this.#agenda.put(arrivedMs, line);
    if (this.#chance.isBelow(outage === undefined ? REPEATED : REPEATED_AFTER_OUTAGE))
      this.#agenda.put(arrivedMs + this.#chance.between(...REPEATED_MS) * this.#stretch, line);
  }

  #delayMs(): number {
    const chance = this.#chance;
    const kind = chance.next();
    if (kind < OFFLINE) return Math.round(chance.withinFactors(OFFLINE_MIN_MS, LATE_MAX_MS));
    if (kind < OFFLINE + GATHERED) return chance.between(...GATHERED_MS);
    return AT_ONCE_MIN_MS + Math.round(chance.exponential(AT_ONCE_MEAN_MS));
  }
}
