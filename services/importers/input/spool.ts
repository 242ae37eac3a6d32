/**
 * What can be read only once (standard input, a named pipe) is copied to a file first: the import ledger wants its hash before its
 * first record. The file has no name any more once it is open, so that it goes away with the process, however that ends.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCodeOf, type InputProblem } from './problem.ts';

export interface Spooled {
  readonly file: FileHandle;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Copies `source` into `folder`, which is made when it does not exist. Errors of `source` itself are thrown. */
export async function spool(source: AsyncIterable<Uint8Array>, folder: string): Promise<Spooled | InputProblem> {
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
    for await (const chunk of source) {
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
  return { file, sizeBytes, sha256: hash.digest('hex') };
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
  return { code: 'spool_failed', message: `cannot keep the input in ${folder} while it is imported: ${errorCodeOf(error)}` };
}
