/**
 * `ntk run`: the policy and the inputs into the log, judged and stored to the end. The same inputs again change nothing; what was
 * killed goes on where it was.
 */
import { createHash } from 'node:crypto';
import { importFile, type ImportProgress, type ImportSummary } from '../../importers/import-file.ts';
import type { ImportFormat } from '../../importers/formats.ts';
import { isKnownRun, putRun, readImportEntry } from '../../importers/import-ledger.ts';
import type { Input } from '../../importers/input/open-input.ts';
import { type EventLog, ORIGIN } from '../../platform/log/event-log.ts';
import type { Authority } from '../../domain/authority/authority.ts';
import type { Signer } from '../../domain/authority/signature.ts';
import { appendPolicy, policyHistory } from '../facts/policy-history.ts';

export interface BatchInput {
  readonly input: Input;
  readonly format: ImportFormat;
}

interface BatchOptions {
  readonly log: EventLog;
  readonly inputs: readonly BatchInput[];
  readonly policy: { readonly document: unknown; readonly hash: string } | null;
  readonly authority: Authority;
  /** Of the policy; null where nobody asks for signatures. */
  readonly signer: Signer | null;
  readonly by: string;
  readonly nowMs: number;
  /** Of times that name none; see ImportOptions. */
  readonly utcOffset?: string;
  /** Awaited before each chunk, with the records of the input so far: the importer may not run away from the scorer. */
  readonly admit: (records: number) => Promise<void>;
  /** See ImportOptions. */
  readonly chunkRecords?: (recordsBefore: number) => number;
  readonly onProgress: (input: Input, progress: ImportProgress) => void;
  readonly onFinished?: (input: Input) => void;
  readonly signal?: AbortSignal;
}

interface BatchSummary {
  readonly policyAppended: boolean;
  readonly imports: readonly ImportSummary[];
}

export async function importBatch(options: BatchOptions): Promise<BatchSummary> {
  const { log, inputs, policy } = options;
  const signature = signatureOf(inputs, policy?.hash ?? '');
  const policyAppended = policy !== null && (await publishIfDue(options, policy, signature));
  const imports: ImportSummary[] = [];
  for (const { input, format } of inputs) {
    imports.push(
      await importFile(log, input, {
        format,
        origin: ORIGIN.run,
        startedWith: signature,
        admit: options.admit,
        onProgress: (progress) => options.onProgress(input, progress),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        ...(options.chunkRecords === undefined ? {} : { chunkRecords: options.chunkRecords }),
        ...(options.utcOffset === undefined ? {} : { utcOffset: options.utcOffset }),
      }),
    );
    options.onFinished?.(input);
  }
  return { policyAppended, imports };
}

/** The same policy with the same inputs is the same run, also after a kill. */
function signatureOf(inputs: readonly BatchInput[], policyHash: string): string {
  const parts = [policyHash, ...inputs.map(({ input, format }) => `${format} ${input.sha256}`)];
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}

/**
 * Due unless it is in force, or this very run has begun already: then the policy stands where it belongs, before what was imported
 * under it, even where an input or a person has brought another one since. A run is remembered by the first input that it begins
 * (`startedWith`); where earlier runs have begun all of them, by an entry of its own, in one transaction with its policy.
 */
async function publishIfDue(
  { log, inputs, authority, signer, by, nowMs }: BatchOptions,
  policy: NonNullable<BatchOptions['policy']>,
  signature: string,
): Promise<boolean> {
  const entries = await Promise.all(inputs.map(({ input, format }) => readImportEntry(log, input.sha256, format)));
  if (entries.some((entry) => entry?.startedWith === signature) || (await isKnownRun(log, signature))) return false;
  const puts = entries.every((entry) => entry !== null) ? [putRun(signature, policy.hash)] : [];
  const history = await policyHistory(log, authority);
  const isDue = history.changes.at(-1)?.policy.hash !== policy.hash;
  if (isDue) await appendPolicy(log, history, { ...policy, by, nowMs, signer, origin: ORIGIN.system, puts });
  else if (puts.length > 0) await log.commit({ puts });
  return isDue;
}
