/**
 * Hostile traffic from a seed: everything that contracts.md and exact-rules.md let a host do, and much that they do not,
 * with a policy to judge it under. What the two pages leave open (an empty class, fractions of a second 60, facts whose
 * required members nobody lists) is not in it.
 */
import { stringify } from 'yaml';
import { RECORD_BYTES_MAX } from '../../schemas/codes.ts';
import type { RejectReason } from '../../schemas/codes.ts';
import { Random } from './random.ts';
import { recordOfBytes } from './random-rejects.ts';
import type { RejectLine } from './random-rejects.ts';
import { TrafficMaker } from './traffic-maker.ts';
import type { TrafficOptions } from './traffic-maker.ts';

export type { TrafficOptions };

export interface Traffic {
  readonly events: Buffer;
  readonly policyYaml: string;
  /** What must be rejected, known from how it was made; `record` counts the file's records from 1. */
  readonly rejects: readonly { readonly record: number; readonly reason: RejectReason }[];
}

const isReject = (line: Buffer | RejectLine): line is RejectLine => !Buffer.isBuffer(line);

/** Deterministic: the same seed and options give the same bytes. */
export function makeTraffic(seed: number, options: TrafficOptions): Traffic {
  const random = new Random(seed);
  const maker = new TrafficMaker(random, options);
  const policyYaml = stringify(maker.policy('2026-03-01.0'), { version: '1.2' });
  const chunks: Buffer[] = random.chance(0.5) ? [Buffer.from([0xef, 0xbb, 0xbf])] : [];
  const expected: { record: number; reason: RejectReason }[] = [];
  // A megabyte each: few files have them.
  const largeAt = random.chance(0.15) ? random.below(options.lines) : -1;
  const largestAt = random.chance(0.2) ? random.below(options.lines) : -1;
  let record = 0;
  for (let index = 0; index < options.lines; index += 1) {
    const isLast = index === options.lines - 1;
    let end = random.chance(0.03) ? '\r\n' : '\n';
    if (random.chance(0.005)) {
      chunks.push(Buffer.from(random.pick(['', ' ', '\t', ' \t ', '    ']) + end, 'latin1'));
      continue;
    }
    let line = index === largeAt ? maker.rejectAsTooLarge() : maker.line();
    if (index === largestAt) line = recordOfBytes(maker.access(), RECORD_BYTES_MAX);
    record += 1;
    if (isReject(line)) expected.push({ record, reason: line.reason });
    const bytes = isReject(line) ? line.bytes : line;
    // A carriage return that belongs to the record must not be taken for a line end's.
    if (bytes.at(-1) === 0x0d) end = '\r\n';
    else if (isLast && random.chance(0.5)) end = '';
    chunks.push(bytes, Buffer.from(end, 'latin1'));
  }
  return { events: Buffer.concat(chunks), policyYaml, rejects: expected };
}
