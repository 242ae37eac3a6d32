/** Why a record is unauthorised, and why an audit could not fold the log again, for people. */
import type { AuthorityProblem } from '../../../schemas/codes.ts';
import type { PartitionAudit } from '../../auditor/partition-audit.ts';

export const WHY_IN_WORDS: Readonly<Record<AuthorityProblem, string>> = {
  unsigned: 'it carries no signature (keyid and sig)',
  other_log: 'it was signed for another log (logid)',
  unknown_key: 'its key is not known in this log at its place',
  revoked_key: 'its key was revoked before it',
  key_not_for_type: 'its key may not sign this type',
  bad_signature: 'its signature is not one of this record by that key',
  ahead_of_time: 'its time is more than 5 minutes after it arrived',
  too_old: 'it was signed too long before it arrived (7 days, an erasure one day)',
  superseded: 'something as new or newer was said before it: a repeat of what is over',
  too_many_keys: 'the log names as many keys as a partition remembers',
};

export const CHAIN_BECAUSE: Readonly<Record<Exclude<NonNullable<PartitionAudit['chainBecause']>, 'log_gone'>, string>> = {
  other_engine: 'what the chain proves was judged by another release, so it cannot be folded again',
  other_authority:
    'what the chain proves was judged under another NTK_AUTHORITY or other root keys, so it cannot be folded again',
};
