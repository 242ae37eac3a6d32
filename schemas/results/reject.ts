/** What `ntk.rejects.v1` keeps of a record that could not be read (contracts.md sections 1 and 1.8). */
import { z } from 'zod';
import { AUTHORITY_PROBLEMS, RECORD_BYTES_MAX, REJECT_REASONS } from '../codes.ts';
import { count, instant, optional } from '../fields.ts';

export const rejectSchema = z
  .object({
    partition: count.describe('Of `ntk.access.v1`, where the record lies.'),
    offset: count.describe('Of `ntk.access.v1`, where the record lies.'),
    reason: z.enum(REJECT_REASONS),
    why: optional(z.enum(AUTHORITY_PROBLEMS).describe('What an `unauthorised` record lacks.')),
    bytes: count.describe('Length of the whole record.'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('Of the whole record, in hex.'),
    raw: z.base64().describe(`The record's bytes as base64; the first ${RECORD_BYTES_MAX} if there are more.`),
    truncated: z.boolean().describe('`raw` is not the whole record.'),
    rejectedAt: optional(instant),
  })
  .describe('A record that could not be read, why, and where it came from.');
export type RejectRecord = z.infer<typeof rejectSchema>;
