/**
 * The closed lists of contracts.md: what a record may be, what a finding may be called, what may be done about it.
 * Order matters where the comment says so; nothing here may be renamed without a note in the contract.
 */

/** Categories of personal data (contracts.md section 8). */
export const CATEGORIES = [
  'location',
  'location_coarse',
  'contacts',
  'contacts_write',
  'social_graph',
  'calendar',
  'calendar_write',
  'photos',
  'photos_write',
  'media_library',
  'camera',
  'microphone',
  'screen_recording',
  'clipboard',
  'bluetooth',
  'motion',
  'health',
  'device_info',
  'user_profile',
  'phone_number',
  'email',
  'address',
  'invoice',
  'license_plate',
  'identity_document',
  'order_history',
  'published_content',
  'activity_log',
  'files',
  'sms',
  'call_log',
  'biometrics',
  'navigation',
  'network',
  'unknown',
] as const;
export type Category = (typeof CATEGORIES)[number];
export const CATEGORY_INDEX: ReadonlyMap<string, number> = new Map(CATEGORIES.map((category, index) => [category, index]));

/** Categories that are not personal data themselves: checks 3-7 are skipped for them. */
export const UNCHECKED_CATEGORIES = ['unknown', 'navigation', 'network'] as const satisfies readonly Category[];

/** All reasons, in the order in which a result lists them (exact-rules.md section 5). */
export const REASONS = [
  'program_banned',
  'program_suspended',
  'undeclared_program',
  'unmapped_api',
  'undeclared_category',
  'purpose_missing',
  'purpose_unknown',
  'purpose_mismatch',
  'not_entitled',
  'background_access',
  'excess_fields',
  'excess_volume',
  'consent_missing',
  'consent_withdrawn',
  'consent_default',
  'consent_stale',
  'external_link',
  'download_link',
  'reveals_friends',
  'rate_limited',
  'rate_above_baseline',
  'volume_above_baseline',
  'users_above_baseline',
  'category_new_for_program',
  'periodic_polling',
] as const;
export type Reason = (typeof REASONS)[number];

/** Reasons of check 10. */
export const BASELINE_REASONS = [
  'rate_above_baseline',
  'volume_above_baseline',
  'users_above_baseline',
  'category_new_for_program',
  'periodic_polling',
] as const satisfies readonly Reason[];

/** Actions from weakest to strongest; the index is the Enum8 value in ClickHouse. */
export const ACTIONS = ['allow', 'flag', 'throttle', 'intercept'] as const;
export type Action = (typeof ACTIONS)[number];

export const MODES = ['observe', 'warn', 'enforce'] as const;
export type Mode = (typeof MODES)[number];

export const OUTCOMES = ['pending', 'performed', 'refused'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** When the verdict came, of an interception: before the call, after the host had refused by itself, after the data was out. */
export const TIMINGS = ['prevented', 'already_refused', 'late'] as const;

export const LINK_KINDS = ['external', 'download', 'share'] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

export const CONSENT_STATES = ['granted', 'withdrawn'] as const;
export const CONSENT_BASES = ['explicit', 'default'] as const;
export const STANDINGS = ['active', 'under_review', 'suspended', 'banned'] as const;
export type Standing = (typeof STANDINGS)[number];

export const RECORD_TYPES = [
  'ntk.access',
  'ntk.declaration',
  'ntk.entitlement',
  'ntk.consent',
  'ntk.standing',
  'ntk.policy',
  'ntk.review',
  'ntk.erasure',
  'ntk.prior',
  'ntk.heartbeat',
  'ntk.key',
] as const;
export type RecordType = (typeof RECORD_TYPES)[number];

/** What is counted as a fact: all that is neither an access nor a heartbeat. */
export const FACT_TYPES = RECORD_TYPES.filter(
  (type): type is Exclude<RecordType, 'ntk.access' | 'ntk.heartbeat'> => type !== 'ntk.access' && type !== 'ntk.heartbeat',
);

/** Types whose subject is `*`. Broadcasts are appended to every partition, a heartbeat to one. */
export const BROADCAST_TYPES = ['ntk.policy', 'ntk.erasure', 'ntk.prior', 'ntk.key'] as const satisfies readonly RecordType[];
export const STAR_SUBJECT_TYPES = [...BROADCAST_TYPES, 'ntk.heartbeat'] as const satisfies readonly RecordType[];

/** Facts of authority: where the log asks for signatures, a key in force may sign those of its types (docs/authority.md). */
export const AUTHORITY_TYPES = [
  'ntk.policy',
  'ntk.standing',
  'ntk.entitlement',
  'ntk.erasure',
  'ntk.prior',
] as const satisfies readonly RecordType[];
/** What has to be signed: the facts of authority, and the keys themselves, which only a root key signs. */
export const SIGNED_TYPES = [...AUTHORITY_TYPES, 'ntk.key'] as const satisfies readonly RecordType[];
export type SignedType = (typeof SIGNED_TYPES)[number];
export const KEY_STATES = ['active', 'revoked'] as const;

/** Why a record is `unauthorised`. */
export const AUTHORITY_PROBLEMS = [
  'unsigned',
  'other_log',
  'unknown_key',
  'revoked_key',
  'key_not_for_type',
  'bad_signature',
  'ahead_of_time',
  'too_old',
  'superseded',
  'too_many_keys',
] as const;
export type AuthorityProblem = (typeof AUTHORITY_PROBLEMS)[number];

/** Reject reasons in the order in which they are tested (exact-rules.md section 1). */
export const REJECT_REASONS = [
  'too_large',
  'invalid_json',
  'not_cloudevent',
  'unknown_type',
  'invalid_data',
  'wrong_partition',
  'unauthorised',
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

const NOTES = ['clock_skewed', 'imported', 'late_for_limit'] as const;
export type Note = (typeof NOTES)[number];

/** What a person can conclude about an alarm episode or an interception. `expected`: unusual as it says, and for a good reason. */
export const DISPOSITIONS = ['true_positive', 'false_positive', 'expected'] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

export const LIMIT_KEYS = ['program', 'user', 'category', 'api'] as const;
export type LimitKey = (typeof LIMIT_KEYS)[number];
export const LIMIT_COSTS = ['calls', 'rows', 'bytes'] as const;
export type LimitCost = (typeof LIMIT_COSTS)[number];

/** A record's bytes without line end and byte-order mark may not exceed this. */
export const RECORD_BYTES_MAX = 1_048_576;
/**
 * Of one that does, so much goes into the log, which takes no more (`max.message.bytes` of contracts.md 1.8, less what a batch is wrapped in): length
 * and SHA-256 of its reject are those of these bytes.
 */
export const RECORD_BYTES_KEPT: number = 4 * 1_048_576 - 1_024;
/** Accepted records of a partition whose ids are remembered. */
export const DUPLICATE_WINDOW_RECORDS = 262_144;
/** Nesting levels a record may have. */
export const JSON_DEPTH_MAX = 512;

/** How a record came in; decides which bounds its `time` has (exact-rules.md sections 1 and 6). */
export const ORIGIN = {
  /** From a host, now. */
  live: 0,
  /** By `ntk ingest` into a running system. */
  imported: 1,
  /** By `ntk run`: history, times are taken as they are. */
  run: 2,
  /** By the system itself (the policy that `ntk run` appends); counted nowhere. */
  system: 3,
} as const;
export type Origin = (typeof ORIGIN)[keyof typeof ORIGIN];
