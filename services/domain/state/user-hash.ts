/**
 * A user as the state knows them: 128 bits of a keyed hash of the id (see half-sip-hash.ts on why no two can be made to collide). It is
 * worked out once an access, from the record's own bytes, and what is kept of users is no name.
 */
import { type SipKey, sipAbsorb, sipAbsorbAscii, sipFinish } from './half-sip-hash.ts';

/** Four words of 32 bits. */
export type UserWords = Uint32Array;

export class UserHash {
  readonly #key: SipKey;
  readonly #sip = new Int32Array(8);
  /** Of the user that was asked for last. */
  readonly words: UserWords = new Uint32Array(4);

  /** `key` is unknown to whoever chooses users. */
  constructor(key: SipKey) {
    this.#key = key;
  }

  of(user: string): UserWords {
    sipAbsorb(this.#key.initial, user, this.#sip);
    sipFinish(this.#sip, this.words);
    return this.words;
  }

  /** The same for a user whose id stands in `bytes[start, end)`, in ASCII. */
  ofAscii(bytes: Uint8Array, start: number, end: number): UserWords {
    sipAbsorbAscii(this.#key.initial, bytes, start, end, this.#sip);
    sipFinish(this.#sip, this.words);
    return this.words;
  }
}
