/**
 * `ntk run`: the policy and the inputs into the log, judged and stored to the end. The same inputs again change nothing; what was
 * killed goes on where it was.
 */
import { createHash } from 'node:crypto';
import { importFile, type ImportProgress, type ImportSummary } from '../importers/import-file.ts';
import type { ImportFormat } from '../importers/formats.ts';
import { readImportEntry } from '../importers/import-ledger.ts';
import type { Input } from '../importers/input/open-input.ts';
import { type EventLog, ORIGIN } from '../platform/log/event-log.ts';
import { appendPolicy, policyHistory } from './policy-history.ts';

export interface BatchInput {
  readonly input: Input;
  readonly format: ImportFormat;
}

export interface BatchOptions {
  readonly log: EventLog;
  readonly inputs: readonly BatchInput[];
  readonly policy: { readonly document: unknown; readonly hash: string } | null;
  readonly by: string;
  readonly nowMs: number;
  /** Awaited before each chunk: the importer may not run away from the scorer. */
  readonly admit: () => Promise<void>;
  readonly onProgress: (input: Input, progress: ImportProgress) => void;
  readonly onFinished?: (input: Input) => void;
  readonly signal?: AbortSignal;
}

export interface BatchSummary {
  readonly policyAppended: boolean;
  readonly imports: readonly ImportSummary[];
}

export async function importBatch(options: BatchOptions): Promise<BatchSummary> {
  const { log, inputs, policy, by, nowMs } = options;
  const signature = signatureOf(inputs, policy?.hash ?? '');
  const policyAppended = policy !== null && (await isPolicyDue(log, inputs, policy.hash, signature));
  if (policyAppended) await appendPolicy(log, { ...policy, by, nowMs, origin: ORIGIN.system });
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
 * Due unless it is in force, all inputs were imported before, or this very run has begun already: then the policy stands
 * where it belongs, before what was imported under it, even where an input has brought another one since.
 */
async function isPolicyDue(log: EventLog, inputs: readonly BatchInput[], hash: string, signature: string): Promise<boolean> {
  const entries = await Promise.all(inputs.map(({ input, format }) => readImportEntry(log, input.sha256, format)));
  if (entries.some((entry) => entry?.startedWith === signature)) return false;
  if (entries.length > 0 && entries.every((entry) => entry?.done === true)) return false;
  return (await policyHistory(log)).at(-1)?.policy.hash !== hash;
}
