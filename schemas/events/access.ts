/** `ntk.access`: one host-API call that would hand personal data, or a user, to a program (contracts.md section 1.1). */
import { z } from 'zod';
import { LINK_KINDS, OUTCOMES } from '../codes.ts';
import { count, filledText, optional, optionalOr, user } from '../fields.ts';

const linkSchema = z.object({
  kind: z.enum(LINK_KINDS),
  host: optional(z.string()),
  reveals: optional(z.array(z.string()).describe("What of the user's circle the link exposes, e.g. `friends`.")),
});

export const accessSchema = z
  .object({
    user,
    api: filledText.describe('Host API, e.g. `wx.getLocation`; the catalogue maps it to a category.'),
    category: optional(filledText.describe('Overrides the catalogue; one that is not listed is read as `unknown`.')),
    purpose: optional(z.string().describe("Id of a purpose in the program's declaration; empty: none was named.")),
    page: optional(z.string().describe('Where in the program the call came from.')),
    foreground: optionalOr(z.boolean().describe('Was the program on screen.'), true),
    fields: optional(z.array(z.string()).describe('Names of the fields returned. Absent is not the same as empty.')),
    rows: optionalOr(count.describe('Rows that were, or would be, returned.'), 1),
    bytes: optionalOr(count.describe('Bytes that were, or would be, returned.'), 0),
    outcome: optionalOr(z.enum(OUTCOMES).describe('`pending`: the host waits for a verdict.'), 'performed'),
    link: optional(linkSchema.describe('Set for navigation and share APIs.')),
    durationMs: optional(count.describe('For interval accesses: camera, microphone, photos.')),
  })
  .describe('One access of personal data.');
export type AccessData = z.infer<typeof accessSchema>;
