/** Publishing a fact of authority by a command: asked first whether it would count, signed, appended to every partition. */
import type { SignedType } from '../../../schemas/codes.ts';
import { EVERY_PROGRAM } from '../../../schemas/events/cloudevent.ts';
import type { Authority } from '../../domain/authority/authority.ts';
import { signEvent, type Signer } from '../../domain/authority/signature.ts';
import type { EventLog, Origin, Put } from '../../platform/log/event-log.ts';
import { type AuthorityLog, readAuthorityLog } from './authority-log.ts';
import { UserError } from '../user-error.ts';

/** @throws UserError, before anything is appended, when what this signer publishes would be refused */
export function requireSigner(authority: Authority, seen: AuthorityLog, signer: Signer | null, type: SignedType): void {
  if (authority.mode === 'open') return;
  if (signer === null) {
    throw new UserError(
      `${type} has to be signed in this log: name the key to sign with, NTK_SIGNING_KEY_FILE=FILE (ntk keys make and ntk keys add put one in force)`,
    );
  }
  const problem = seen.keyProblem(type, signer.keyid);
  // Of a log whose beginning is gone, a key may be in force that it no longer names.
  if (problem === null || (problem === 'unknown_key' && !seen.isWhole && type !== 'ntk.key')) return;
  if (type === 'ntk.key')
    throw new UserError(`key ${signer.keyid} is no root key in force: only those of NTK_ROOT_KEYS_FILE sign keys`);
  throw new UserError(`key ${signer.keyid} may not sign ${type} in this log (${problem}): see ntk keys list and ntk keys add`);
}

/** Who says something by a command. */
export interface Publisher {
  readonly by: string;
  readonly nowMs: number;
  readonly authority: Authority;
  /** Null where nobody asks for signatures, or nobody has a key. */
  readonly signer: Signer | null;
}

/** The same of the log as it is. @throws UserError, before anything is appended, when what is published would be refused */
export async function requirePublisher(log: EventLog, { authority, signer }: Publisher, type: SignedType): Promise<void> {
  // Where nobody asks for signatures the log need not be read for them.
  if (authority.mode === 'signed') requireSigner(authority, await readAuthorityLog(log, authority), signer, type);
}

export interface Fact {
  readonly type: SignedType;
  readonly id: string;
  readonly source: string;
  readonly by: string;
  readonly data: unknown;
  readonly origin: Origin;
  readonly nowMs: number;
  /** Time of the newest fact of its kind, milliseconds since 1970: two about one thing need different times. */
  readonly newestMs: number;
}

/** @throws UserError when it holds a number that cannot be signed */
export async function publish(log: EventLog, fact: Fact, signer: Signer | null, puts: readonly Put[] = []): Promise<void> {
  const { type, id, source, by, data, origin, nowMs, newestMs } = fact;
  const timeMs = signer === null ? nowMs : Math.max(nowMs, newestMs + 1);
  const event = { specversion: '1.0', id, source, type, subject: EVERY_PROGRAM, time: new Date(timeMs).toISOString(), by, data };
  await appendToEveryPartition(log, [event], signer, { origin, puts });
}

/** Appends one copy of each event to every partition, signed if there is a signer, in one transaction with `puts`. @throws UserError */
export async function appendToEveryPartition(
  log: EventLog,
  events: readonly { readonly type: string }[],
  signer: Signer | null,
  { origin, puts }: { readonly origin: Origin; readonly puts: readonly Put[] },
): Promise<void> {
  const values = events.map((event) => signedBytes(log, event, signer));
  const appends = Array.from({ length: log.partitions }, (_, partition) => ({
    stream: 'access' as const,
    partition,
    values,
    keys: values.map(() => EVERY_PROGRAM),
    origin,
  }));
  await log.commit({ appends, puts });
}

/** An event as it lies in this log, signed if there is a signer. @throws UserError when it holds a number that cannot be signed */
export function signedBytes(log: EventLog, event: { readonly type: string }, signer: Signer | null): Buffer {
  const signed = signer === null ? event : signEvent({ ...event, logid: log.logId }, signer);
  if (signed === null) throw new UserError(`${event.type} holds a number that JSON cannot say, so it cannot be signed`);
  return Buffer.from(JSON.stringify(signed), 'utf8');
}
