/** A long file that somebody asked for: written piece by piece under another name, there under its own only when it is whole. */
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './whole-file.ts';

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

  static async open(path: string): Promise<DraftFile> {
    const draft = `${path}.${randomUUID()}.draft`;
    // `wx` follows no link that somebody put there.
    return new DraftFile(path, draft, await open(draft, 'wx'));
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
