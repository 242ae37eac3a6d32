/** `ntk.declaration`: what the developer said they collect, and why (contracts.md section 1.2). */
import { z } from 'zod';
import { count, filledText, name, optional, optionalOr } from '../fields.ts';

/** Versions are kept in 32 bits, as is the column `declaration_version`. */
const VERSION_MAX = 2 ** 32 - 1;

const entrySchema = z.object({
  category: filledText.describe('One that is not listed is kept and never matches.'),
  fields: optional(z.array(z.string()).describe('The only fields allowed; absent means no limit, empty allows none.')),
  background: optionalOr(z.boolean().describe('May the program ask while it is not on screen.'), false),
  maxBytesPerCall: optional(count),
  maxRowsPerCall: optional(count),
});

const purposeSchema = z.object({
  id: filledText,
  text: optional(z.string()),
  categories: z.array(entrySchema).describe('A category may be listed more than once; all entries count.'),
});

export const declarationSchema = z
  .object({
    version: z.int().min(1).max(VERSION_MAX).describe('A lower or equal version than the current one is ignored as stale.'),
    developer: optional(name),
    name: optional(z.string()),
    class: optional(name.describe('Kind of program, e.g. `food-delivery`.')),
    purposes: z.array(purposeSchema).describe('Empty is a declaration too. Repeated ids are allowed; all entries count.'),
    detected: optional(
      z.array(z.string()).describe('What static analysis found in the uploaded code; has no part in any check.'),
    ),
    linkHosts: optional(
      z.array(z.string()).describe('Hosts that links may lead to, with their subdomains; empty entries are ignored.'),
    ),
  })
  .describe("A program's declaration.");
export type DeclarationData = z.infer<typeof declarationSchema>;
