/** Files that hold rows between memory or the network and the embedded engine, which reads binary rows only from files. */
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { byteCountOf } from './bytes.ts';
import { noSpaceError, OWN_CODES, warehouseError } from './error-codes.ts';
import { PATTERN_IN_PATH } from './insert-sql.ts';

const SUFFIX = '.rowbinary';

export class Spool {
  readonly #folder: string;
  readonly #prefix: string;
  #files = 0;

  private constructor(folder: string, prefix: string) {
    this.#folder = folder;
    this.#prefix = prefix;
  }

  /**
   * Makes the folder and removes what a process that was killed left in it.
   * @param prefix of this spool's file names; others may share the folder
   * @throws WarehouseError `UNUSABLE_PATH` for a path that the engine would take for a pattern
   */
  static async open(folder: string, prefix: string): Promise<Spool> {
    const path = resolve(folder);
    if (PATTERN_IN_PATH.test(path)) {
      throw warehouseError(
        OWN_CODES.path,
        `${path}: choose a folder without * ? { } and :: in its path; the engine takes them for a pattern`,
      );
    }
    await mkdir(path, { recursive: true, mode: 0o700 });
    const left = (await readdir(path)).filter((name) => name.startsWith(`${prefix}-`) && name.endsWith(SUFFIX));
    await Promise.all(left.map((name) => rm(join(path, name), { force: true })));
    return new Spool(path, prefix);
  }

  /** Runs `work` with a file of these bytes. */
  with<T>(bytes: readonly Uint8Array[], work: (path: string) => Promise<T>): Promise<T> {
    const expected = byteCountOf(bytes);
    return this.#withFile(async (file) => {
      const { bytesWritten } = await file.writev([...bytes]);
      if (bytesWritten !== expected)
        throw noSpaceError(this.#folder, `${bytesWritten} of ${expected} bytes of rows were spooled`);
    }, work);
  }

  /**
   * Runs `work` with a file of what the stream gives.
   * @throws WarehouseError `TOO_LARGE` past `bytesMax`
   */
  withStream<T>(source: AsyncIterable<unknown>, bytesMax: number, work: (path: string) => Promise<T>): Promise<T> {
    return this.#withFile(async (file) => {
      let bytes = 0;
      for await (const piece of source) {
        bytes += (piece as Buffer).length;
        if (bytes > bytesMax) throw warehouseError(OWN_CODES.tooLarge, `more than ${bytesMax} bytes of rows at once`);
        await file.writeFile(piece as Buffer);
      }
    }, work);
  }

  /** The file is removed whatever happens. No fsync: after a crash the rows come from the log again, never from here. */
  async #withFile<T>(fill: (file: FileHandle) => Promise<void>, work: (path: string) => Promise<T>): Promise<T> {
    const path = join(this.#folder, `${this.#prefix}-${this.#files++}${SUFFIX}`);
    try {
      const file = await open(path, 'wx', 0o600);
      try {
        await fill(file);
      } finally {
        await file.close();
      }
      return await work(path);
    } finally {
      await rm(path, { force: true });
    }
  }
}
