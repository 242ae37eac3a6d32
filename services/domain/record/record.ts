/** What a record of the access log says, after validation: the fold's input. */
import type { Disposition, LinkKind, Outcome, RejectReason, Standing } from '../../../schemas/codes.ts';
import type { Prior } from '../../../schemas/events/prior.ts';
import type { Declaration } from '../program/declaration.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';

/** CloudEvents attributes, checked. */
export interface Attributes {
  readonly id: string;
  readonly source: string;
  readonly subject: string;
  /** Microseconds since 1970, as the host says it. */
  readonly timeUs: number;
}

export interface Access {
  readonly user: string;
  readonly api: string;
  /** As given; empty when absent. Unlisted names are still in it. */
  readonly category: string;
  /** Empty when none was named. */
  readonly purpose: string;
  readonly page: string;
  readonly foreground: boolean;
  /** Null when absent, which is not the same as an empty list. */
  readonly fields: readonly string[] | null;
  readonly rows: number;
  readonly bytes: number;
  readonly outcome: Outcome;
  readonly link: Link | null;
  readonly durationMs: number;
}

/** The strings of an access that its row holds as the record has them, and its user. */
export const TEXT = { id: 0, source: 1, subject: 2, api: 3, purpose: 4, page: 5, user: 6 } as const;
export const TEXTS = Object.keys(TEXT).length;

/** The same object for the same bytes, while they are remembered. */
export interface KnownEnd {
  /** Below END_PLACES; one end at a time. */
  readonly place: number;
}

/**
 * Where those strings stand in the bytes that an access was read from: copying them costs a quarter of writing the strings. Only of a record
 * that has them as they are (ASCII, no escapes), and only until the next record is read.
 */
export interface AccessTexts {
  bytes: Buffer;
  /** What the record says behind the user, where an earlier one said that byte for byte. */
  end: KnownEnd | null;
  /** Start of each of {@link TEXT}, then its end; the same place twice for one that the record does not have. */
  readonly places: Int32Array;
}

export interface Link {
  readonly kind: LinkKind;
  /** Null when absent. */
  readonly host: string | null;
  readonly revealsFriends: boolean;
}

export interface EntitlementFact {
  readonly category: string;
  readonly granted: boolean;
  /** Microseconds since 1970; `Infinity` when open-ended. */
  readonly untilUs: number;
}

export interface ConsentFact {
  readonly user: string;
  readonly granted: boolean;
  readonly byDefault: boolean;
  readonly categories: readonly string[];
  /** Null: given for the version in force at its place in the log. */
  readonly declarationVersion: number | null;
}

export interface StandingFact {
  readonly state: Standing;
  readonly untilUs: number;
}

export interface KeyFact {
  readonly keyid: string;
  /** 32 bytes as base64. */
  readonly publicKey: string;
  readonly isActive: boolean;
  /** Facts of authority that it may sign; null: all of them. */
  readonly types: readonly string[] | null;
  readonly by: string;
  readonly reason: string;
}

export interface ReviewFact {
  /** What it is about, as it was given; empty when absent. */
  readonly episode: string;
  /** Null when absent: a note that concludes nothing. */
  readonly disposition: Disposition | null;
  readonly by: string;
  readonly note: string;
}

export type AccessRecord = Extract<ParsedRecord, { readonly type: 'ntk.access' }>;

export type ParsedRecord =
  | { readonly type: 'ntk.access'; readonly attributes: Attributes; readonly data: Access; readonly texts: AccessTexts | null }
  | { readonly type: 'ntk.declaration'; readonly attributes: Attributes; readonly data: Declaration }
  | { readonly type: 'ntk.entitlement'; readonly attributes: Attributes; readonly data: EntitlementFact }
  | { readonly type: 'ntk.consent'; readonly attributes: Attributes; readonly data: ConsentFact }
  | { readonly type: 'ntk.standing'; readonly attributes: Attributes; readonly data: StandingFact }
  | { readonly type: 'ntk.policy'; readonly attributes: Attributes; readonly data: CompiledPolicy }
  | { readonly type: 'ntk.erasure'; readonly attributes: Attributes; readonly data: { readonly user: string } }
  | { readonly type: 'ntk.heartbeat'; readonly attributes: Attributes; readonly data: { readonly partition: number | null } }
  | { readonly type: 'ntk.key'; readonly attributes: Attributes; readonly data: KeyFact }
  | { readonly type: 'ntk.review'; readonly attributes: Attributes; readonly data: ReviewFact }
  | {
      readonly type: 'ntk.prior';
      readonly attributes: Attributes /** Null: of a kind that has no effect. */;
      readonly data: Prior | null;
    };

/** What cannot be read, and which broadcast it would have been (its copies are counted once). */
export interface Reject {
  readonly type: 'reject';
  readonly reason: RejectReason;
  readonly broadcast: boolean;
}
