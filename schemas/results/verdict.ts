/** What hosts read on `ntk.verdicts.v1` (contracts.md section 4): verdicts and the answers to heartbeats. */
import { z } from 'zod';
import { ACTIONS, CATEGORIES, REASONS } from '../codes.ts';
import { count, filledText, instant, optional } from '../fields.ts';

/** First 16 hex digits of SHA-256 over the policy as canonical JSON (RFC 8785). */
const policyHashText = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .describe('First 16 hex digits of SHA-256 over the policy as canonical JSON (RFC 8785).');

/** Published for verdicts other than `allow` and for every access that was `pending`; keyed by program. */
export const verdictSchema = z
  .object({
    eventId: filledText,
    source: filledText,
    program: filledText,
    user: z.string().describe('As the host wrote it.'),
    category: z.enum(CATEGORIES),
    verdict: z.enum(ACTIONS),
    reasons: z.array(z.enum(REASONS)).describe('Those whose action in effect is above `allow`, in the order of the checks.'),
    remedy: z.string().describe("A sentence for the program's developer; empty for `allow`."),
    retryAfterMs: optional(count.describe('Set when a limit refused and this is among the reasons.')),
    decidedAt: instant,
    policyHash: policyHashText,
  })
  .describe('What the system says about one access.');
export type PublishedVerdict = z.infer<typeof verdictSchema>;

export const heartbeatAnswerSchema = z
  .object({ type: z.literal('ntk.heartbeat'), eventId: filledText, source: filledText, decidedAt: instant })
  .describe('The answer to a heartbeat; `type` tells it from a verdict, which has none.');
export type HeartbeatAnswer = z.infer<typeof heartbeatAnswerSchema>;
