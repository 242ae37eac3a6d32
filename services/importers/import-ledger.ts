/**
 * The import ledger: what was imported and how far it got, in the keyed stream `imports` of the log, partition 0. An entry is written
 * in the same transaction as the records it speaks of, so the two cannot disagree.
 *
 * Keys: `file/<SHA-256>` one file (formats other than the default add `/<format>`, so that a file that was imported as the wrong
 * format can be imported as the right one); `run/<signature>` a run that imported nothing itself, so that no file's entry names it;
 * `apple/...` intervals and network rows of App Privacy Reports.
 */
import type { EventLog, Put } from '../platform/log/event-log.ts';
import { DEFAULT_FORMAT, type ImportFormat } from './formats.ts';

export const LEDGER_PARTITION = 0;

export interface ImportEntry {
  /** Records of the file that were dealt with, in its order (a format that sorts: in the order it makes). */
  readonly records: number;
  /** Of those, how many were appended (a record that goes to every partition is one). */
  readonly appended: number;
  /** Bytes of the appended records, each counted once. */
  readonly bytes: number;
  /** The file was read to its end without a problem. */
  readonly done: boolean;
  readonly format: ImportFormat;
  /** Base name of the file. */
  readonly name: string;
  /** What the caller said when the import began, for example the hash of the policy. */
  readonly startedWith: string;
  /** From UTC, of times that name none; absent where the format's times name theirs, and in entries of earlier releases. */
  readonly utcOffset?: string;
}

/** Null when nothing of the file was imported in this format. */
export async function readImportEntry(
  log: Pick<EventLog, 'getKeyed'>,
  sha256: string,
  format: ImportFormat = DEFAULT_FORMAT,
): Promise<ImportEntry | null> {
  const value = await log.getKeyed('imports', LEDGER_PARTITION, fileKey(sha256, format));
  return value === null ? null : (JSON.parse(value.toString('utf8')) as ImportEntry);
}

export function putImportEntry(sha256: string, entry: ImportEntry): Put {
  return ledgerPut(fileKey(sha256, entry.format), Buffer.from(JSON.stringify(entry)));
}

/** Whether a run was remembered by {@link putRun}. */
export async function isKnownRun(log: Pick<EventLog, 'getKeyed'>, signature: string): Promise<boolean> {
  return (await log.getKeyed('imports', LEDGER_PARTITION, runKey(signature))) !== null;
}

/** @param policyHash for whoever looks into the ledger */
export function putRun(signature: string, policyHash: string): Put {
  return ledgerPut(runKey(signature), Buffer.from(JSON.stringify({ policyHash })));
}

function runKey(signature: string): string {
  return `run/${signature}`;
}

export function ledgerPut(key: string, value: Uint8Array): Put {
  return { stream: 'imports', partition: LEDGER_PARTITION, key, value };
}

function fileKey(sha256: string, format: ImportFormat): string {
  return format === DEFAULT_FORMAT ? `file/${sha256}` : `file/${sha256}/${format}`;
}
