/**
 * What all requests together hold in memory. A request takes its share before the first byte of its body is read and gives it back when
 * the log has its records, so memory stays below a bound whatever is sent and however slowly.
 */

/** Buffers and lists that a record takes besides its bytes; measured at 120 to 150. */
export const RECORD_OVERHEAD_BYTES = 160;

export type Refused = 'full' | 'own_share_full';

interface InFlightLimits {
  readonly inFlightBytesMax: number;
  readonly inFlightRequestsMax: number;
}

/** One sender alone does not fill it: others go on being served. */
const OWN_SHARE = 0.5;

export class InFlight {
  readonly #limits: InFlightLimits;
  readonly #ofHolder = new Map<string, { bytes: number; requests: number }>();
  #bytes = 0;
  #requests = 0;

  constructor(limits: InFlightLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get requests(): number {
    return this.#requests;
  }

  /** A request larger than its share is let in when it is its holder's only one: it would never be otherwise. */
  take(holder: string, bytes: number): Place | Refused {
    const { inFlightBytesMax, inFlightRequestsMax } = this.#limits;
    const own = this.#ofHolder.get(holder) ?? { bytes: 0, requests: 0 };
    if (own.requests > 0) {
      if (own.bytes + bytes > inFlightBytesMax * OWN_SHARE) return 'own_share_full';
      if (own.requests >= inFlightRequestsMax * OWN_SHARE) return 'own_share_full';
    }
    if (this.#requests >= inFlightRequestsMax || (this.#requests > 0 && this.#bytes + bytes > inFlightBytesMax)) return 'full';
    this.#add(holder, bytes, 1);
    return new Place(
      bytes,
      (more, requests) => this.#add(holder, more, requests),
      (more) => this.#hasRoom(more),
    );
  }

  #hasRoom(bytes: number): boolean {
    return this.#requests <= 1 || this.#bytes + bytes <= this.#limits.inFlightBytesMax;
  }

  #add(holder: string, bytes: number, requests: number): void {
    const own = this.#ofHolder.get(holder) ?? { bytes: 0, requests: 0 };
    this.#bytes += bytes;
    this.#requests += requests;
    if (own.requests + requests === 0) this.#ofHolder.delete(holder);
    else this.#ofHolder.set(holder, { bytes: own.bytes + bytes, requests: own.requests + requests });
  }
}

/** What one request holds. */
export class Place {
  #bytes: number;
  #isGivenBack = false;
  readonly #add: (bytes: number, requests: number) => void;
  readonly #hasRoom: (bytes: number) => boolean;

  constructor(bytes: number, add: (bytes: number, requests: number) => void, hasRoom: (bytes: number) => boolean) {
    this.#bytes = bytes;
    this.#add = add;
    this.#hasRoom = hasRoom;
  }

  /** To what is known by now. False, and nothing changed, when there is no room for it. */
  resize(bytes: number): boolean {
    const more = bytes - this.#bytes;
    if (more > 0 && !this.#hasRoom(more)) return false;
    this.#add(more, 0);
    this.#bytes = bytes;
    return true;
  }

  /** Twice is fine. */
  giveBack(): void {
    if (this.#isGivenBack) return;
    this.#isGivenBack = true;
    this.#add(-this.#bytes, -1);
  }
}
