/** `ntk.erasure`: the user's consents are removed and their rows erased (contracts.md section 1.7). */
import { z } from 'zod';
import { user } from '../fields.ts';

export const erasureSchema = z.object({ user }).describe("A person's right to be forgotten, in every partition.");
export type ErasureData = z.infer<typeof erasureSchema>;
