/**
 * What can be read only once (standard input, a named pipe) is copied to a file first: the import ledger wants its hash before its
 * first record. The file has no name any more once it is open, so that it goes away with the process, however that ends.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeInWords } from '../../platform/system-error.ts';
import type { InputProblem } from './problem.ts';

/** What is copied; given up where it may not come to an end. */
export type Source = AsyncIterable<Uint8Array> & { destroy?(): unknown };

interface Spooled {
  readonly file: FileHandle;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/**
 * Copies `source` into `folder`, which is made when it does not exist. Errors of `source` itself are thrown. After the signal null, at
 * once: whoever writes into a pipe may never do so.
 */
export async function spool(source: Source, folder: string, signal?: AbortSignal): Promise<Spooled | InputProblem | null> {
  let file: FileHandle;
  try {
    file = await openNameless(folder);
  } catch (error) {
    return problem(folder, error);
  }
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let writing = false;
  try {
    for await (const chunk of untilStopped(source, signal)) {
      writing = true;
      await file.writeFile(chunk);
      writing = false;
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
  } catch (error) {
    await file.close();
    if (writing) return problem(folder, error);
    throw error;
  }
  if (signal?.aborted) {
    await file.close();
    return null;
  }
  return { file, sizeBytes, sha256: hash.digest('hex') };
}

/** Ends with the source or at the signal. Then nothing is waited for: a read of a pipe ends when somebody writes. */
async function* untilStopped(source: Source, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const pieces = source[Symbol.asyncIterator]();
  // One for each piece, since a promise for all of them would keep every piece that was raced against it.
  let give = (_: null): void => {};
  const stop = (): void => give(null);
  signal?.addEventListener('abort', stop);
  try {
    while (!signal?.aborted) {
      const next = await new Promise<IteratorResult<Uint8Array> | null>((resolve, reject) => {
        give = resolve;
        pieces.next().then(resolve, reject);
      });
      if (next === null) break;
      if (next.done) return;
      yield next.value;
    }
    source.destroy?.();
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function openNameless(folder: string): Promise<FileHandle> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own = await mkdtemp(join(folder, 'spool-'));
  try {
    return await open(join(own, 'input'), 'wx+', 0o600);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

function problem(folder: string, error: unknown): InputProblem {
  return {
    code: 'spool_failed',
    message: `cannot keep the input in ${folder} while it is imported: ${systemCodeInWords(error)}`,
  };
}
