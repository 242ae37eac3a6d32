/** What labels can be. No program, user or purpose is ever one; what others choose freely is bounded (`bounded-names.ts`). */
import {
  ACTIONS,
  BASELINE_REASONS,
  CATEGORIES,
  DISPOSITIONS,
  FACT_TYPES,
  OUTCOMES,
  REASONS,
  REJECT_REASONS,
  TIMINGS,
} from '../../../schemas/codes.ts';
import { PRIOR_KINDS } from '../../../schemas/events/prior.ts';
import { LOG_ERROR_CODES } from '../log/event-log.ts';
import { LASTING_CODES, RETRYABLE_CODES } from '../warehouse/error-codes.ts';
import { LIMIT_NAMES_MAX, OTHER, SOURCE_NAMES_MAX } from './bounded-names.ts';

/** As many as NTK_PARTITIONS may be. */
export const PARTITIONS_MAX = 1_024;

export const CATEGORY = { values: CATEGORIES };
export const OUTCOME = { values: OUTCOMES };
export const VERDICT = { values: ACTIONS };
export const ACTION = { values: ACTIONS };
export const REASON = { values: REASONS };
export const BASELINE_REASON = { values: BASELINE_REASONS };
export const PRIOR_KIND = { values: PRIOR_KINDS };
export const DISPOSITION = { values: DISPOSITIONS };
export const TIMING = { values: TIMINGS };
export const REJECT_REASON = { values: REJECT_REASONS };
export const FACT_TYPE = { values: FACT_TYPES };
export const BOOLEAN = { values: ['true', 'false'] };
export const STATE_KIND = { values: ['programs', 'consents', 'limit_keys', 'baseline_keys', 'duplicate_ids'] };
/** Kinds that a setting limits; remembered ids have a window of fixed size. */
export const LIMITED_KIND = { values: ['programs', 'consents', 'limit_keys', 'baseline_keys'] };
export const LOG = { values: ['access', 'results'] };

export const PARTITION = { says: "the partition's number, from 0", max: PARTITIONS_MAX };
export const LIMIT = {
  says: `the limit's name in the policy; \`other\` beyond ${LIMIT_NAMES_MAX} names`,
  max: LIMIT_NAMES_MAX + 1,
};
export const SOURCE = {
  says: 'the source, if `NTK_SOURCES` lists it or, where that is not set, if it looks like a name; all others together: `other`',
  max: SOURCE_NAMES_MAX + 1,
};
export const STATUS_CODE = { says: 'the HTTP status code; 0 when the sender went away first', max: 60 };
/** Of ClickHouse or of the log. ClickHouse has some hundred others, which the log of the process names. */
export const WRITE_FAILURE_CODE = {
  values: [...RETRYABLE_CODES, ...LASTING_CODES, 'log_busy', 'log_disk_full', 'log_unreachable', OTHER],
};
/** `unexpected`: no failure of the log but of this program. */
export const LOG_CODE = { values: [...LOG_ERROR_CODES, 'unexpected'] };
/** For a moment there are two: partitions are at different places of their logs. */
export const POLICY_HASH = { says: 'first 16 hex digits of the hash of the policy in force', max: PARTITIONS_MAX };
export const VERSION = { says: 'as `ntk --version` says it', max: 1 };
