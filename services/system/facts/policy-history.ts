/** Which policies a log has seen, and publishing the next one. */
import type { AuthorityProblem } from '../../../schemas/codes.ts';
import type { Authority } from '../../domain/authority/authority.ts';
import type { Signer } from '../../domain/authority/signature.ts';
import type { CompiledPolicy } from '../../domain/policy/compiled.ts';
import type { EventLog, ORIGIN, Put } from '../../platform/log/event-log.ts';
import { readAuthorityLog } from './authority-log.ts';
import { publish, requireSigner } from './publish.ts';

export interface PolicyChange {
  readonly offset: number;
  readonly appendedAtMs: number;
  readonly source: string;
  readonly eventId: string;
  /** Who applied it, where the record says so. */
  readonly by: string;
  /** Of the key that signed it; empty when there is none. */
  readonly signedBy: string;
  readonly policy: CompiledPolicy;
}

interface RefusedPolicy extends PolicyChange {
  readonly refused: AuthorityProblem;
}

interface PolicyHistory {
  /** In the order in which they took effect. */
  readonly changes: readonly PolicyChange[];
  /** Those that changed nothing, because they were not signed as the log asks. */
  readonly refused: readonly RefusedPolicy[];
  /** What a signed policy has to be later than, milliseconds since 1970. */
  readonly newestMs: number;
  /** @throws UserError when a policy that this signer publishes would be refused */
  requireSigner(signer: Signer | null): void;
}

export async function policyHistory(log: EventLog, authority: Authority): Promise<PolicyHistory> {
  const seen = await readAuthorityLog(log, authority);
  const changes: PolicyChange[] = [];
  const refusals: RefusedPolicy[] = [];
  for (const { record, offset, appendedAtMs, by, signedBy, refused } of seen.facts) {
    if (record.type !== 'ntk.policy') continue;
    const { source, id: eventId } = record.attributes;
    const change = { offset, appendedAtMs, source, eventId, by, signedBy, policy: record.data };
    if (refused === null) changes.push(change);
    else refusals.push({ ...change, refused });
  }
  const require = (signer: Signer | null): void => requireSigner(authority, seen, signer, 'ntk.policy');
  return { changes, refused: refusals, newestMs: seen.policyMs, requireSigner: require };
}

interface PolicyToAppend {
  readonly document: unknown;
  readonly hash: string;
  readonly by: string;
  /** Null where nobody asks for signatures, or nobody has a key. */
  readonly signer: Signer | null;
  /** `ntk run` appends its policy by itself, which no figure counts; `ntk policy apply` is a fact like any other. */
  readonly origin: typeof ORIGIN.live | typeof ORIGIN.system;
  readonly nowMs: number;
  /** What is remembered in the same transaction. @default nothing */
  readonly puts?: readonly Put[];
}

/**
 * Appends one copy to every partition, in one transaction. The id follows from the place in the log, so it is never a duplicate.
 * @throws UserError when it would be refused
 */
export async function appendPolicy(log: EventLog, history: PolicyHistory, policy: PolicyToAppend): Promise<void> {
  const { document, hash, signer, puts = [], ...rest } = policy;
  history.requireSigner(signer);
  const { end } = await log.bounds('access', 0);
  const id = `${hash}@${end}`;
  await publish(
    log,
    { ...rest, type: 'ntk.policy', id, source: 'ntk/policy', data: document, newestMs: history.newestMs },
    signer,
    puts,
  );
}
