/**
 * What a token may send a second, by the formula that judges programs (GCRA, services/domain/limits/gcra.ts): a request is refused when
 * its token is further ahead than its burst, and is charged whole when it is not. A request larger than the burst can so pass, and is
 * paid for afterwards.
 */
import { aheadUs, chargedTatUs, intervalUs, retryAfterMs, toleranceUs } from '../domain/limits/gcra.ts';
import type { Clock } from '../platform/clock.ts';
import type { Token } from './tokens/token-file.ts';

const SECOND_US = 1_000_000;
/** Bytes are counted in these: one byte at 10 MB a second would be less than the microsecond that the formula counts in. */
const BYTES_UNIT = 1_024;
/** Seconds of the rate that may come at once, where a token does not say. */
const BURST_SECONDS = 10;

interface Arrival {
  recordsTatUs: number;
  bytesTatUs: number;
}

export interface Cost {
  readonly records: number;
  readonly bytes: number;
}

export class TokenRates {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  /** By name, so that a file that is read again forgives nothing. As many as there are tokens with a rate. */
  readonly #arrivals = new Map<string, Arrival>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** Milliseconds until the token may send again; 0: now. Charges nothing. */
  waitMs(token: Token): number {
    const arrival = this.#arrivals.get(token.name);
    if (arrival === undefined) return 0;
    const nowUs = this.#nowUs();
    const { records, bytes } = rates(token);
    return Math.max(wait(records, arrival.recordsTatUs, nowUs), wait(bytes, arrival.bytesTatUs, nowUs));
  }

  /** Charges the cost, or answers how many milliseconds to wait and charges nothing. */
  charge(token: Token, cost: Cost): number {
    const waitMs = this.waitMs(token);
    if (waitMs > 0) return waitMs;
    const { records, bytes } = rates(token);
    if (records === null && bytes === null) return 0;
    const nowUs = this.#nowUs();
    const arrival = this.#arrivals.get(token.name) ?? { recordsTatUs: 0, bytesTatUs: 0 };
    if (records !== null) arrival.recordsTatUs = chargedTatUs(arrival.recordsTatUs, nowUs, records.interval, cost.records);
    if (bytes !== null)
      arrival.bytesTatUs = chargedTatUs(arrival.bytesTatUs, nowUs, bytes.interval, Math.ceil(cost.bytes / BYTES_UNIT));
    this.#arrivals.set(token.name, arrival);
    return 0;
  }

  /** Forgets tokens that are no more. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#arrivals.keys()) if (!names.has(name)) this.#arrivals.delete(name);
  }

  #nowUs(): number {
    return Math.floor(this.#clock.monotonicMs() * 1_000);
  }
}

interface Rate {
  readonly interval: number;
  readonly tolerance: number;
}

function rates({ recordsPerSecond, recordsBurst, bytesPerSecond, bytesBurst }: Token): {
  readonly records: Rate | null;
  readonly bytes: Rate | null;
} {
  return { records: rate(recordsPerSecond, recordsBurst, 1), bytes: rate(bytesPerSecond, bytesBurst, BYTES_UNIT) };
}

function rate(perSecond: number | undefined, burst: number | undefined, unit: number): Rate | null {
  if (perSecond === undefined) return null;
  const interval = Math.max(1, intervalUs(SECOND_US * unit, perSecond));
  const units = Math.max(1, Math.ceil((burst ?? perSecond * BURST_SECONDS) / unit));
  return { interval, tolerance: toleranceUs(interval, units) };
}

function wait(rate: Rate | null, tatUs: number, nowUs: number): number {
  if (rate === null) return 0;
  const ahead = aheadUs(tatUs, nowUs);
  return ahead > rate.tolerance ? retryAfterMs(ahead, rate.tolerance) : 0;
}
