/** `ntk.entitlement`: which sensitive categories the platform opened to this program (contracts.md section 1.3). */
import { z } from 'zod';
import { filledText, instant, optional } from '../fields.ts';

export const entitlementSchema = z
  .object({
    category: filledText.describe('By name; there is no `*`.'),
    granted: z.boolean(),
    until: optional(instant.meta({ description: 'In force while the event time is earlier; RFC 3339.' })),
  })
  .describe('An entitlement granted or taken back.');
export type EntitlementData = z.infer<typeof entitlementSchema>;
