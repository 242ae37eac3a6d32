/** `ntk.review`: what a person concluded about an alarm episode or an interception (contracts.md section 1.7). */
import { z } from 'zod';
import { DISPOSITIONS } from '../codes.ts';
import { optional } from '../fields.ts';

export const reviewSchema = z
  .object({
    episode: optional(z.string()),
    disposition: optional(z.enum(DISPOSITIONS)),
    by: optional(z.string()),
    note: optional(z.string()),
  })
  .describe("A reviewer's conclusion. It has no part in any verdict.");
export type ReviewData = z.infer<typeof reviewSchema>;
