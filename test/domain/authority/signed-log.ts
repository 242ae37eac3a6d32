/** One partition of a log that asks for signatures, record by record. */
import { ORIGIN } from '../../../schemas/codes.ts';
import type { Authority } from '../../../services/domain/authority/authority.ts';
import type { Signer } from '../../../services/domain/authority/signature.ts';
import type { PartitionFold } from '../../../services/domain/fold/fold.ts';
import { foldInput, newFold } from '../fold/partitioned.ts';
import { pagesOf } from '../fold/platform-pages.ts';
import { signed, signerCalled } from './signing.ts';

export const SECOND_MS = 1_000;
export const DAY_MS = 86_400_000;
export const NOW_MS = Date.UTC(2026, 10, 24);

export const ROOT: Signer = signerCalled('root');
export const OTHER_ROOT: Signer = signerCalled('another root');
export const REVIEWER: Signer = signerCalled('reviewer');
export const STRANGER: Signer = signerCalled('stranger');

export interface Said {
  readonly type: string;
  readonly data: object;
  readonly by: Signer | null;
  readonly subject?: string;
  readonly timeMs?: number;
  readonly appendedAtMs?: number;
  readonly origin?: number;
  readonly id?: string;
  readonly more?: object;
}

/** What became of a record: taken, a duplicate, or why it was refused. */
export type Outcome = string;

export class SignedLog {
  readonly fold: PartitionFold;
  #next = 0;
  #made = 0;

  constructor(authority: Authority = { mode: 'signed', roots: [ROOT.publicKey, OTHER_ROOT.publicKey] }) {
    this.fold = newFold({ logId: 'signed-log', authority, windowCapacity: 4 });
  }

  record({ type, data, by, subject, timeMs = NOW_MS, id, more = {} }: Said): object {
    const isEverybody = ['ntk.policy', 'ntk.erasure', 'ntk.prior', 'ntk.key'].includes(type);
    const event = {
      specversion: '1.0',
      id: id ?? `r${this.#made++}`,
      source: 'test',
      type,
      subject: subject ?? (isEverybody ? '*' : 'wx1'),
      time: new Date(timeMs).toISOString(),
      data,
      ...more,
    };
    return by === null ? event : signed(event, by);
  }

  say(said: Said): Outcome {
    return this.append(this.record(said), said);
  }

  append(
    event: object,
    { appendedAtMs = NOW_MS, origin = ORIGIN.live }: { appendedAtMs?: number; origin?: number } = {},
  ): Outcome {
    const placed = Array.from({ length: this.#next }, () => ({ value: Buffer.alloc(0), record: 0, origin }));
    placed.push({ value: Buffer.from(JSON.stringify(event)), record: 0, origin });
    const outcome = this.fold.fold(foldInput(placed, { from: this.#next, to: this.#next + 1, appendedAtMs }), 0);
    this.#next++;
    if (outcome.duplicates > 0) return 'duplicate';
    const [reject] = outcome.rejected.map((text) => JSON.parse(text) as { reason: string; why?: string });
    return reject === undefined ? 'taken' : (reject.why ?? reject.reason);
  }

  addKey(key: Signer, { types, state = 'active', by = ROOT, timeMs = NOW_MS - DAY_MS }: KeyWords = {}): Outcome {
    const data = { keyid: key.keyid, publicKey: key.publicKey, state, ...(types === undefined ? {} : { types }) };
    return this.say({ type: 'ntk.key', data, by, timeMs, appendedAtMs: timeMs });
  }

  /** Pushes everything out of the window of duplicates. */
  forget(): void {
    for (let i = 0; i < 8; i++) this.say({ type: 'ntk.access', data: { user: 'u', api: 'wx.getLocation' }, by: null });
  }

  /** The same state, written to pages and read again. */
  restarted(authority: Authority): SignedLog {
    const again = new SignedLog(authority);
    again.fold.state.restore(pagesOf(this.fold));
    again.#next = this.#next;
    again.#made = this.#made;
    return again;
  }
}

export interface KeyWords {
  readonly types?: readonly string[];
  readonly state?: 'active' | 'revoked';
  readonly by?: Signer | null;
  readonly timeMs?: number;
}
