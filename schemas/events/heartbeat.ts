/** `ntk.heartbeat`: proves the whole way and is answered on `ntk.verdicts.v1` (contracts.md section 1.7). */
import { z } from 'zod';
import { count, optional } from '../fields.ts';

export const heartbeatSchema = z
  .object({ partition: optional(count) })
  .describe('A proof that one partition is alive; never a row of results.');
export type HeartbeatData = z.infer<typeof heartbeatSchema>;
