/** A long file that somebody asked for: written piece by piece under another name, there under its own only when it is whole. */
import { randomUUID } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from '../system-error.ts';
import { syncFolder } from './whole-file.ts';

const STANDARD_OUTPUT = 1;

/** Errors of the file system are thrown. End with `keep` or `discard`. */
export class DraftFile {
  readonly #path: string;
  readonly #draft: string;
  readonly #file: FileHandle;

  private constructor(path: string, draft: string, file: FileHandle) {
    this.#path = path;
    this.#draft = draft;
    this.#file = file;
  }

  /** @returns null where the path is that of a folder, a device, a pipe or standard output, in whose place no file may come */
  static async open(path: string): Promise<DraftFile | null> {
    const place = await placeToReplace(path);
    if (place === null) return null;
    const draft = `${place.path}.${randomUUID()}.draft`;
    // `wx` follows no link that somebody put there.
    const file = await open(draft, 'wx', place.mode ?? undefined);
    // Who may read what is replaced, and nobody else, may read this: whatever the process leaves out of new files' rights.
    if (place.mode !== null) await file.chmod(place.mode).catch(() => {});
    return new DraftFile(place.path, draft, file);
  }

  async append(text: string): Promise<void> {
    await this.#file.writeFile(text);
  }

  /** Puts it in the place of whatever was there. */
  async keep(): Promise<void> {
    // 1. The bytes are safe; a crash before 2 leaves a draft and what was there before.
    await this.#file.sync();
    await this.#file.close();
    // 2. The name means the new file, and 3. stays so after a power failure.
    await rename(this.#draft, this.#path);
    syncFolder(dirname(this.#path));
  }

  /** What was there before stays. Fine after a failed `keep`, too. */
  async discard(): Promise<void> {
    await this.#file.close().catch(() => {});
    await rm(this.#draft, { force: true });
  }
}

interface Place {
  readonly path: string;
  /** Rights of the file that is there; null where none is. */
  readonly mode: number | null;
}

const RIGHTS = 0o777;

/** Where a link leads, so that the link stays; the path itself where nothing is there yet. */
async function placeToReplace(path: string): Promise<Place | null> {
  try {
    const found = await stat(path);
    const out = fstatSync(STANDARD_OUTPUT);
    // Also where that was sent to a file: what else is printed would go on into one that has no name any more.
    const isOutput = found.dev === out.dev && found.ino === out.ino;
    return found.isFile() && !isOutput ? { path: await realpath(path), mode: found.mode & RIGHTS } : null;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return { path, mode: null };
    throw error;
  }
}
