/** Lays the records of a file out in partitions, as an importer would, without any log. */
import { ORIGIN } from '../../../schemas/codes.ts';
import { OPEN } from '../../../services/domain/authority/authority.ts';
import { partitionOf } from '../../../services/domain/partitioning/murmur2.ts';
import { parsePolicyYaml } from '../../../services/domain/policy/document.ts';
import type { BatchOutcome } from '../../../services/domain/fold/batch-outcome.ts';
import type { ResultRow } from '../../../services/domain/results/row.ts';
import { type FoldOptions, PartitionFold } from '../../../services/domain/fold/fold.ts';
import type { FoldInput } from '../../../services/domain/fold/fold-input.ts';

export interface PlacedRecord {
  readonly value: Buffer;
  /** From 1 in the file; 0 for the policy that is put in front. */
  readonly record: number;
  readonly origin: number;
}

const BROADCAST = ['ntk.policy', 'ntk.erasure', 'ntk.prior', 'ntk.key'];

export function splitLines(file: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = file.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0; start < file.length; ) {
    let end = file.indexOf(10, start);
    if (end === -1) end = file.length;
    const isCrLf = end < file.length && end > start && file[end - 1] === 13;
    const line = file.subarray(start, isCrLf ? end - 1 : end);
    if (!/^[ \t]*$/.test(line.toString('latin1'))) lines.push(line);
    start = end + 1;
  }
  return lines;
}

function placesOf(line: Buffer, partitions: number): number[] {
  let event: { subject?: unknown; type?: unknown; data?: { partition?: unknown } } | null;
  try {
    event = JSON.parse(line.toString('utf8')) as typeof event;
  } catch {
    return [0];
  }
  const subject = event?.subject;
  if (typeof subject !== 'string' || subject === '') return [0];
  if (subject !== '*') return [partitionOf(subject, partitions)];
  if (BROADCAST.includes(event?.type as string)) return Array.from({ length: partitions }, (_, partition) => partition);
  const asked = event?.data?.partition;
  return [typeof asked === 'number' && asked >= 0 && asked < partitions && Number.isInteger(asked) ? asked : 0];
}

/** The policy first (signed, if somebody signs), on every partition, then the file's records. */
export function partitioned(
  file: Buffer,
  policyYaml: string,
  partitions: number,
  sign: (policy: object) => object = (policy) => policy,
): PlacedRecord[][] {
  const parsed = parsePolicyYaml(policyYaml);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const policy = {
    specversion: '1.0',
    id: 'p',
    source: 'ntk/policy',
    type: 'ntk.policy',
    subject: '*',
    time: '2020-01-01T00:00:00Z',
    data: parsed.document,
  };
  const value = Buffer.from(JSON.stringify(sign(policy)));
  const placed: PlacedRecord[][] = Array.from({ length: partitions }, () => [{ value, record: 0, origin: ORIGIN.system }]);
  splitLines(file).forEach((line, i) => {
    for (const partition of placesOf(line, partitions))
      placed[partition]!.push({ value: line, record: i + 1, origin: ORIGIN.run });
  });
  return placed;
}

/** A fold of the only partition of a log that trusts everybody and stores users as they are, unless said otherwise. */
export function newFold(options: Partial<FoldOptions> = {}): PartitionFold {
  return new PartitionFold({
    logId: 'log',
    partition: 0,
    partitions: 1,
    storedUser: (user) => user,
    authority: OPEN,
    ...options,
  });
}

/** Folds all of the records, in as many pieces as their rows need. */
export function foldAll(
  fold: PartitionFold,
  input: FoldInput,
  onPiece: (piece: BatchOutcome) => void,
  onAccess?: (row: ResultRow) => void,
): void {
  while (fold.state.position < input.nextOffset) onPiece(fold.fold(input, 0, onAccess));
}

export interface InputOptions {
  readonly from: number;
  readonly to: number;
  readonly appendedAtMs?: number;
  readonly origin?: number;
}

/** Records `from` to `to` (not included) of a partition as the fold takes them; offsets are their places. */
export function foldInput(
  records: readonly PlacedRecord[],
  { from, to, appendedAtMs = 1_700_000_000_000, origin }: InputOptions,
): FoldInput {
  const some = records.slice(from, to);
  const starts = new Uint32Array(some.length + 1);
  some.forEach(({ value }, i) => {
    starts[i + 1] = starts[i]! + value.length;
  });
  return {
    count: some.length,
    bytes: Buffer.concat(some.map(({ value }) => value)),
    starts,
    offsets: Float64Array.from(some, (_, i) => from + i),
    appendedAtMs: new Float64Array(some.length).fill(appendedAtMs),
    origins: Uint8Array.from(some, (one) => origin ?? one.origin),
    nextOffset: from + some.length,
  };
}
