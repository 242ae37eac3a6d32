/**
 * What the column `user` of a row holds, as bytes. The value of a user is a cryptographic hash, the dearest step of judging an access, and users
 * come again within minutes: the values of the latest are kept, found by the user's 128-bit keyed hash (user-hash.ts says why that is who
 * they are). Direct-mapped columns of bytes: what meets in a place replaces one another, nothing grows, nothing has to be collected.
 */
import type { Access } from '../record/record.ts';
import type { StoredValue } from './row.ts';
import type { UserWords } from '../state/user-hash.ts';

/** A power of two; each takes 49 bytes. */
const PLACES = 1 << 14;
/** Values that are longer, or not ASCII, are worked out each time: hashes have 32 hexadecimal digits. */
const KEPT_BYTES_MAX = 32;
const WORDS = 4;

export class StoredUsers implements StoredValue {
  readonly #valueOf: (user: string) => string;
  readonly #words = new Uint32Array(PLACES * WORDS);
  readonly #lengths = new Uint8Array(PLACES);
  readonly #kept = new Uint8Array(PLACES * KEPT_BYTES_MAX);
  /** The value of the user that was asked for last is `bytes[start, end)`, in UTF-8. */
  bytes: Uint8Array = this.#kept;
  start = 0;
  end = 0;

  /** @param valueOf what is stored for a user id */
  constructor(valueOf: (user: string) => string) {
    this.#valueOf = valueOf;
  }

  get text(): string {
    return Buffer.from(this.bytes.subarray(this.start, this.end)).toString('utf8');
  }

  /** Looks up or works out the value of an access's user; `words` are the user's keyed hash. */
  find(access: Pick<Access, 'user'>, words: UserWords): void {
    const place = words[0]! & (PLACES - 1);
    if (!this.#isKept(place, words)) this.#put(place, words, this.#valueOf(access.user));
  }

  #isKept(place: number, words: UserWords): boolean {
    const length = this.#lengths[place]!;
    if (length === 0) return false;
    const kept = this.#words;
    const at = place * WORDS;
    if (kept[at] !== words[0] || kept[at + 1] !== words[1] || kept[at + 2] !== words[2] || kept[at + 3] !== words[3])
      return false;
    this.#show(place, length);
    return true;
  }

  #put(place: number, words: UserWords, value: string): void {
    const { length } = value;
    const from = place * KEPT_BYTES_MAX;
    this.#lengths[place] = 0;
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i);
      if (unit >= 0x80 || i >= KEPT_BYTES_MAX) {
        this.bytes = Buffer.from(value, 'utf8');
        this.start = 0;
        this.end = this.bytes.length;
        return;
      }
      this.#kept[from + i] = unit;
    }
    this.#words.set(words, place * WORDS);
    this.#lengths[place] = length;
    this.#show(place, length);
  }

  #show(place: number, length: number): void {
    this.bytes = this.#kept;
    this.start = place * KEPT_BYTES_MAX;
    this.end = this.start + length;
  }
}
