/**
 * Version of the fold. Any change that can change a verdict, a reason, an evidence byte or a row raises it: checkpoints, blocks
 * and rows carry it, and a scorer of another version starts only from a clean end (exact-rules.md section 9).
 */
export const ENGINE_VERSION = 13;
