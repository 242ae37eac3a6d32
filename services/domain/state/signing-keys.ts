/**
 * The keys that may sign facts of authority, and when the newest signed fact of each kind that concerns everybody was. Few, so they lie in
 * the head page of a checkpoint; a log without signatures has none, and its head page holds nothing of them.
 */
import type { KeyFact } from '../record/record.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';

/** Keys ever named, revoked ones too: a partition remembers them, so that an old fact cannot bring one back. */
export const KEYS_MAX = 1_024;

export interface KnownKey {
  /** 32 bytes as base64. */
  readonly publicKey: string;
  readonly isActive: boolean;
  /** Null: every fact of authority. */
  readonly types: ReadonlySet<string> | null;
  /** Of the fact that said so, microseconds since 1970. */
  readonly timeUs: number;
}

/** Earlier than any fact: there was none yet. */
export const NEVER_US = -1;

export class SigningKeys {
  readonly #keys = new Map<string, KnownKey>();
  /** Of the newest signed fact of its type, microseconds since 1970. */
  policyUs = NEVER_US;
  priorUs = NEVER_US;
  erasureUs = NEVER_US;

  get count(): number {
    return this.#keys.size;
  }

  /** Keys by their id. */
  all(): Iterable<readonly [keyid: string, key: KnownKey]> {
    return this.#keys;
  }

  find(keyid: string): KnownKey | undefined {
    return this.#keys.get(keyid);
  }

  /** The latest fact of a key replaces the earlier one entirely. */
  put({ keyid, publicKey, isActive, types }: KeyFact, timeUs: number): void {
    this.#keys.set(keyid, { publicKey, isActive, types: types === null ? null : new Set(types), timeUs });
  }

  get isEmpty(): boolean {
    return this.#keys.size === 0 && Math.max(this.policyUs, this.priorUs, this.erasureUs) === NEVER_US;
  }

  write(out: ByteWriter): void {
    for (const us of [this.policyUs, this.priorUs, this.erasureUs]) out.varint(us + 1);
    out.varint(this.#keys.size);
    for (const [keyid, { publicKey, isActive, types, timeUs }] of this.#keys) {
      out.string(keyid);
      out.string(publicKey);
      out.varint((isActive ? 1 : 0) + (types === null ? 0 : 2));
      out.varint(timeUs);
      if (types === null) continue;
      out.varint(types.size);
      for (const type of types) out.string(type);
    }
  }

  restore(reader: ByteReader): void {
    this.policyUs = reader.varint() - 1;
    this.priorUs = reader.varint() - 1;
    this.erasureUs = reader.varint() - 1;
    for (let n = reader.varint(); n > 0; n--) {
      const keyid = reader.string();
      const publicKey = reader.string();
      const flags = reader.varint();
      const timeUs = reader.varint();
      const types = (flags & 2) === 0 ? null : new Set<string>();
      for (let m = types === null ? 0 : reader.varint(); m > 0; m--) types?.add(reader.string());
      this.#keys.set(keyid, { publicKey, isActive: (flags & 1) === 1, types, timeUs });
    }
  }
}
