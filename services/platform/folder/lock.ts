/**
 * A lock between processes that ends with its holder, however that dies. Node has no file locks, SQLite has: the lock is a file of
 * SQLite held in a transaction that never ends. Who holds it stands in a second file beside it, because reading the locked file
 * itself would end the lock (https://sqlite.org/howtocorrupt.html, section 2.2, about closing a file).
 */
import { basename } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { rmSync } from 'node:fs';
import { z } from 'zod';
import { isAlive } from '../is-alive.ts';
import { isBusy, isFull } from '../sqlite-codes.ts';
import { FolderError, noSpaceFor } from './folder-error.ts';
import { readJsonIfThere, replaceFile } from './whole-file.ts';

const COMMAND_CHARS_MAX = 200;
/** Printable, since it is shown to people: no control characters, which a terminal would obey. */
const holderSchema = z.object({
  pid: z.int().positive(),
  command: z
    .string()
    .min(1)
    .max(COMMAND_CHARS_MAX)
    .regex(/^\P{C}+$/u),
});
export type LockHolder = z.infer<typeof holderSchema>;

export interface HeldLock {
  /** Twice is fine. */
  release(): void;
}

/** What is held by this process; a connection that nobody refers to would be closed by the garbage collector, lock and all. */
const held = new Set<DatabaseSync>();

function unusable(file: string, cause: unknown): FolderError {
  // The file beside the lock says by itself what is wrong.
  if (cause instanceof FolderError) return cause;
  if (isFull(cause)) return noSpaceFor(file, cause);
  const what = cause instanceof Error ? cause.message : String(cause);
  return new FolderError('lock_unusable', `cannot lock ${file} (${what}); check that this user may write there`, { cause });
}

/**
 * Takes the lock without waiting, or says who has it (null when that is not known: it is just being taken or given back).
 * `command` is what others are told about this process. The file stays when the lock is released.
 * @throws FolderError `lock_unusable` when the file cannot be used for a lock, `folder_not_writable` when no space is left
 */
export function tryLock(
  file: string,
  command: string = commandOfThisProcess(),
): HeldLock | { readonly heldBy: LockHolder | null } {
  const holderFile = `${file}.holder.json`;
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(file, { timeout: 0 });
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    replaceFile(holderFile, `${JSON.stringify({ pid: process.pid, command: printable(command) })}\n`);
  } catch (error) {
    db?.close();
    if (isBusy(error)) return { heldBy: readHolder(holderFile) };
    throw unusable(file, error);
  }
  return hold(db, holderFile);
}

function hold(db: DatabaseSync, holderFile: string): HeldLock {
  held.add(db);
  return {
    release(): void {
      if (!held.delete(db)) return;
      // While the lock is still held: afterwards the file may be the next holder's.
      rmSync(holderFile, { force: true });
      db.close();
    },
  };
}

/** Null unless the file is sound and its process lives: one that was killed leaves its file behind. */
function readHolder(holderFile: string): LockHolder | null {
  const parsed = holderSchema.safeParse(readJsonIfThere(holderFile));
  return parsed.success && isAlive(parsed.data.pid) ? parsed.data : null;
}

/** Program and command without further arguments, which may be names of people's files. */
function commandOfThisProcess(): string {
  const [, script = 'node', command = ''] = process.argv;
  return `${basename(script).replace(/\.[cm]?[jt]s$/, '')} ${command}`.trim();
}

function printable(command: string): string {
  return command.replace(/\p{C}/gu, ' ').slice(0, COMMAND_CHARS_MAX) || 'node';
}
