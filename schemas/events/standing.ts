/** `ntk.standing`: what reviewers decided about a program (contracts.md section 1.5). */
import { z } from 'zod';
import { STANDINGS } from '../codes.ts';
import { instant, optional } from '../fields.ts';

export const standingSchema = z
  .object({
    state: z.enum(STANDINGS),
    by: optional(z.string()),
    reason: optional(z.string()),
    until: optional(instant.meta({ description: 'In force while the event time is earlier, then `active`; RFC 3339.' })),
  })
  .describe("A program's standing.");
export type StandingData = z.infer<typeof standingSchema>;
