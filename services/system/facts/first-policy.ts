/** The policy that a log begins with, where nobody has applied one: without any, every access is let pass. */
import { readFileSync } from 'node:fs';
import { parsePolicyDocument, parsePolicyYaml } from '../../domain/policy/document.ts';
import type { Authority } from '../../domain/authority/authority.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import { ORIGIN } from '../../platform/log/event-log.ts';
import { systemCodeInWords } from '../../platform/system-error.ts';
import { appendPolicy, policyHistory } from './policy-history.ts';
import { UserError } from '../user-error.ts';

export interface FirstPolicy {
  readonly document: unknown;
  readonly hash: string;
  readonly version: string;
  readonly by: string;
}

export interface AppliedPolicy {
  readonly hash: string;
  readonly version: string;
}

/** Null when the log has a policy already, or asks for signatures, which only a person's key gives. */
export async function applyFirstPolicy(
  log: EventLog,
  authority: Authority,
  first: FirstPolicy,
  nowMs: number,
): Promise<AppliedPolicy | null> {
  if (authority.mode === 'signed') return null;
  const history = await policyHistory(log, authority);
  if (history.changes.length > 0) return null;
  await appendPolicy(log, history, { ...first, signer: null, origin: ORIGIN.live, nowMs });
  return first;
}

interface FirstPolicyFile {
  /** YAML. */
  readonly file: string;
  /** In force from the first access on, whatever the file's mode is: made-up users miss nothing that is stopped. */
  readonly isEnforced: boolean;
  readonly by: string;
}

/** @throws UserError for a file that is not right */
export function readFirstPolicy({ file, isEnforced, by }: FirstPolicyFile): FirstPolicy {
  const parsed = parsePolicyYaml(bytesOf(file));
  if (!parsed.ok) throw new UserError(`the policy ${file} is not right: ntk policy check ${file} says where`);
  if (!isEnforced) return { document: parsed.document, hash: parsed.hash, version: parsed.policy.version, by };
  const written = parsed.document as { modes?: object };
  const version = `${parsed.policy.version}, enforced`;
  const enforced = parsePolicyDocument({ ...written, version, modes: { ...written.modes, default: 'enforce' } });
  // Only two values changed, both to ones that are allowed.
  if (!enforced.ok) throw new Error(`the enforced form of ${file} does not check: ${enforced.problems[0]?.message}`);
  return { document: enforced.document, hash: enforced.hash, version, by };
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UserError(`the policy ${file} cannot be read (${systemCodeInWords(error)})`, {
      cause: error,
    });
  }
}
