/** Files that hold rows between a process's memory and the engine, which reads binary rows only from files. */
import type { Dirent } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { OWN_CODES, warehouseError } from './error-codes.ts';
import { PATTERN_IN_PATH } from './insert-sql.ts';

const SUFFIX = '.rowbinary';

export class Spool {
  readonly #folder: string;
  #files = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Makes the folder and removes what a process that was killed left in it.
   * @throws WarehouseError for a path that the engine would take for a pattern
   */
  static async open(folder: string): Promise<Spool> {
    const path = isAbsolute(folder) ? folder : resolve(folder);
    if (PATTERN_IN_PATH.test(path)) {
      throw warehouseError(OWN_CODES.path, `${path}: choose a folder without * ? { } and :: in its path; the engine takes them for a pattern`);
    }
    await mkdir(path, { recursive: true });
    const left = (await readdir(path, { withFileTypes: true })).filter((entry: Dirent) => entry.isFile() && entry.name.endsWith(SUFFIX));
    await Promise.all(left.map(({ name }) => rm(join(path, name), { force: true })));
    return new Spool(path);
  }

  /** A path that no other file has. */
  path(): string {
    return join(this.#folder, `${this.#files++}${SUFFIX}`);
  }

  /** Runs `work` with a file of these bytes and removes the file, whatever happens. */
  async with<T>(bytes: readonly Uint8Array[], work: (path: string) => Promise<T>): Promise<T> {
    const path = this.path();
    try {
      const file = await open(path, 'wx', 0o600);
      try {
        // No fsync: after a crash the rows come from the log again, never from here.
        const { bytesWritten } = await file.writev([...bytes]);
        const expected = bytes.reduce((sum, { length }) => sum + length, 0);
        if (bytesWritten !== expected) throw warehouseError('NOT_ENOUGH_SPACE', `${path}: ${bytesWritten} of ${expected} bytes were written`);
      } finally {
        await file.close();
      }
      return await work(path);
    } finally {
      await rm(path, { force: true });
    }
  }
}
