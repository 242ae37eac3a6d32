/** `ntk.consent`: what one user agreed to, with what kind of agreement (contracts.md section 1.4). */
import { z } from 'zod';
import { CONSENT_BASES, CONSENT_STATES } from '../codes.ts';
import { optional, optionalOr, user } from '../fields.ts';

export const consentSchema = z
  .object({
    user,
    state: z.enum(CONSENT_STATES),
    categories: z.array(z.string()).describe('`*` covers every category. Names that are not listed are kept and never match.'),
    declarationVersion: optional(z.int().min(1).describe('Absent: the version in force at its place in the log.')),
    basis: optionalOr(z.enum(CONSENT_BASES).describe('`default`: the user was enrolled without being asked.'), 'explicit'),
  })
  .describe('A consent granted or withdrawn.');
export type ConsentData = z.infer<typeof consentSchema>;
