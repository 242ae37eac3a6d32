/** What `data` holds, by type of record. */
import { z } from 'zod';
import { type RecordType, STAR_SUBJECT_TYPES } from '../codes.ts';
import { policySchema } from '../policy/policy.ts';
import { accessSchema } from './access.ts';
import { cloudEventSchema, EVERY_PROGRAM, programId } from './cloudevent.ts';
import { consentSchema } from './consent.ts';
import { declarationSchema } from './declaration.ts';
import { entitlementSchema } from './entitlement.ts';
import { erasureSchema } from './erasure.ts';
import { heartbeatSchema } from './heartbeat.ts';
import { keySchema } from './key.ts';
import { priorSchema } from './prior.ts';
import { reviewSchema } from './review.ts';
import { standingSchema } from './standing.ts';

/** A value that fails is the reject `invalid_data`. Unknown fields are ignored, except in a policy. */
export const EVENT_DATA_SCHEMAS = {
  'ntk.access': accessSchema,
  'ntk.declaration': declarationSchema,
  'ntk.entitlement': entitlementSchema,
  'ntk.consent': consentSchema,
  'ntk.standing': standingSchema,
  'ntk.policy': policySchema,
  'ntk.review': reviewSchema,
  'ntk.erasure': erasureSchema,
  'ntk.prior': priorSchema,
  'ntk.heartbeat': heartbeatSchema,
  'ntk.key': keySchema,
} as const satisfies Readonly<Record<RecordType, z.ZodType>>;

/** `data` as a host may write it. */
export type EventDataInput<T extends RecordType> = z.input<(typeof EVENT_DATA_SCHEMAS)[T]>;
/** `data` as read: defaults filled in, no nulls. */
export type EventData<T extends RecordType> = z.output<(typeof EVENT_DATA_SCHEMAS)[T]>;

const STAR_TYPES: ReadonlySet<RecordType> = new Set(STAR_SUBJECT_TYPES);

/** A whole record of one type: attributes, `subject` as the type asks for it, and `data`. */
export function eventSchema<T extends RecordType>(type: T) {
  return cloudEventSchema
    .extend({
      type: z.literal(type),
      subject: STAR_TYPES.has(type) ? z.literal(EVERY_PROGRAM) : programId,
      data: EVENT_DATA_SCHEMAS[type],
    })
    .describe(`A record of type ${type}. null is the same as absence; unknown attributes are ignored.`);
}
