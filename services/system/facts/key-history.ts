/** Which keys a log names, whether they are in force, and publishing the next fact about one. */
import type { AuthorityProblem, KEY_STATES } from '../../../schemas/codes.ts';
import { keyidOf } from '../../../schemas/public-key.ts';
import type { Authority } from '../../domain/authority/authority.ts';
import type { Signer } from '../../domain/authority/signature.ts';
import { KEYS_MAX } from '../../domain/state/signing-keys.ts';
import { type EventLog, ORIGIN } from '../../platform/log/event-log.ts';
import { readAuthorityLog } from './authority-log.ts';
import { publish, requireSigner } from './publish.ts';
import { UserError } from '../user-error.ts';

export interface KeyEntry {
  readonly keyid: string;
  readonly publicKey: string;
  readonly state: (typeof KEY_STATES)[number];
  readonly isRoot: boolean;
  /** Null: all facts of authority. */
  readonly types: readonly string[] | null;
  readonly by: string;
  readonly reason: string;
  /** The root key that said so; empty for a root of which the log says nothing. */
  readonly signedBy: string;
  /** When and where that was said; null where the log does not say: of a root, or because that part of it is gone. */
  readonly appendedAtMs: number | null;
  readonly offset: number | null;
  /** Of the latest word about it; 0 when there is none. */
  readonly timeMs: number;
}

interface RefusedKey extends KeyEntry {
  readonly refused: AuthorityProblem;
}

export interface KeyHistory {
  /** The latest word about each key; roots first, then in the order in which the log named them. */
  readonly keys: ReadonlyMap<string, KeyEntry>;
  /** What changed nothing, because no root key signed it or an older word came late. */
  readonly refused: readonly RefusedKey[];
  /** @throws UserError when what this signer says of keys would be refused */
  requireSigner(signer: Signer | null): void;
}

export async function keyHistory(log: EventLog, authority: Authority): Promise<KeyHistory> {
  const seen = await readAuthorityLog(log, authority);
  const roots = new Map((authority.mode === 'open' ? [] : authority.roots).map((key) => [keyidOf(key), rootEntry(key)]));
  const keys = new Map<string, KeyEntry>(roots);
  const refusals: RefusedKey[] = [];
  for (const [keyid, { publicKey, isActive, types, timeUs }] of seen.knownBefore) {
    keys.set(keyid, {
      ...NOTHING_SAID,
      keyid,
      publicKey,
      state: isActive ? 'active' : 'revoked',
      isRoot: roots.has(keyid),
      types: types === null ? null : [...types],
      timeMs: Math.ceil(timeUs / 1000),
    });
  }
  for (const { record, offset, appendedAtMs, by, signedBy, refused } of seen.facts) {
    if (record.type !== 'ntk.key') continue;
    const { keyid, publicKey, isActive, types, reason } = record.data;
    const state = isActive ? 'active' : 'revoked';
    const timeMs = Math.ceil(record.attributes.timeUs / 1000);
    const isRoot = roots.has(keyid);
    const entry: KeyEntry = { keyid, publicKey, state, isRoot, types, by, reason, signedBy, appendedAtMs, offset, timeMs };
    if (refused === null) keys.set(keyid, entry);
    else refusals.push({ ...entry, refused });
  }
  return { keys, refused: refusals, requireSigner: (signer) => requireSigner(authority, seen, signer, 'ntk.key') };
}

const NOTHING_SAID = { types: null, by: '', reason: '', signedBy: '', appendedAtMs: null, offset: null, timeMs: 0 };

function rootEntry(publicKey: string): KeyEntry {
  return { ...NOTHING_SAID, keyid: keyidOf(publicKey), publicKey, state: 'active', isRoot: true };
}

interface KeyToAppend {
  readonly publicKey: string;
  readonly state: (typeof KEY_STATES)[number];
  /** Null: all facts of authority. */
  readonly types: readonly string[] | null;
  readonly by: string;
  readonly reason: string;
  readonly nowMs: number;
}

/** Appends one copy to every partition; in force from its place in each on. @throws UserError when it would be refused */
export async function appendKey(log: EventLog, history: KeyHistory, key: KeyToAppend, signer: Signer | null): Promise<void> {
  const { publicKey, state, types, by, reason, nowMs } = key;
  const keyid = keyidOf(publicKey);
  history.requireSigner(signer);
  const known = [...history.keys.values()].filter(({ timeMs }) => timeMs > 0).length;
  if (!history.keys.has(keyid) && known >= KEYS_MAX)
    throw new UserError(`the log names ${known} keys already, and a partition remembers no more than ${KEYS_MAX}`);
  const { end } = await log.bounds('access', 0);
  const data = { keyid, publicKey, state, ...(types === null ? {} : { types }), by, reason };
  const newestMs = history.keys.get(keyid)?.timeMs ?? 0;
  const fact = {
    type: 'ntk.key' as const,
    id: `${keyid}@${end}`,
    source: 'ntk/keys',
    by,
    data,
    origin: ORIGIN.live,
    nowMs,
    newestMs,
  };
  await publish(log, fact, signer);
}
