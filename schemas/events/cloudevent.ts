/** The envelope of every record of `ntk.access.v1`: CloudEvents 1.0, structured mode (contracts.md section 1). */
import { z } from 'zod';
import { filledText, instant } from '../fields.ts';

/** Read where signatures are asked for, and only there: elsewhere what they hold is as little looked at as any unknown attribute. */
const signatureAttribute = (description: string) => z.unknown().optional().meta({ type: 'string', description });

/** The subject of types that concern no single program; never a program id. */
export const EVERY_PROGRAM = '*';

/**
 * Attributes only. A value that fails is the reject `not_cloudevent`; `type` may still be unknown here, and `data` is not
 * looked at, because each has a reject reason of its own. Unknown attributes are ignored.
 */
export const cloudEventSchema = z
  .object({
    specversion: z.literal('1.0'),
    id: filledText.describe('Unique within `source`; a repeated (subject, source, id) is one event, however often it arrives.'),
    source: filledText.describe('The host that reports, e.g. `host/wechat-ios`.'),
    type: filledText.describe('What `data` holds, e.g. `ntk.access`.'),
    subject: filledText.describe('Program id, which is the key; `*` for types that concern no single program.'),
    time: instant,
    keyid: signatureAttribute('Of the key that signed the record: the first 32 hex digits of SHA-256 over the public key.'),
    sig: signatureAttribute('Ed25519 signature as base64 over the record without `sig` as canonical JSON (RFC 8785).'),
    logid: signatureAttribute('Id of the log that a signed record is meant for; absent: any that knows the key.'),
  })
  .describe('CloudEvents 1.0 attributes. null is the same as absence; unknown attributes are ignored.');
export type CloudEvent = z.infer<typeof cloudEventSchema>;

/** `subject` of a record that concerns one program. */
export const programId = filledText
  .refine((subject) => subject !== EVERY_PROGRAM, { error: 'must name one program' })
  .meta({ description: 'Program id.', not: { const: EVERY_PROGRAM } });
