/** Who works on a data folder: it has one lock for whoever scores it and one for whoever has its embedded ClickHouse open. */
import type { DataFolder } from '../../platform/folder/data-folder.ts';
import { type LockHolder, tryLock } from '../../platform/folder/lock.ts';
import { UserError } from '../user-error.ts';

export const SCORER_LOCK = 'scorer';
export const WAREHOUSE_LOCK = 'warehouse';
type FolderLock = typeof SCORER_LOCK | typeof WAREHOUSE_LOCK;

/** Whether some process, this one included, holds a lock of the folder now. */
export function isHeld(folder: DataFolder, name: FolderLock): boolean {
  return asked(folder, name) !== null;
}

/** Who holds it; null when nobody does, or when the holder is just taking it or letting it go. */
export function holderOf(folder: DataFolder, name: FolderLock): LockHolder | null {
  return asked(folder, name)?.heldBy ?? null;
}

function asked(folder: DataFolder, name: FolderLock): { readonly heldBy: LockHolder | null } | null {
  const lock = tryLock(folder.lockFile(name));
  if (!('release' in lock)) return lock;
  lock.release();
  return null;
}

export function heldError(folder: DataFolder, holder: LockHolder | null): UserError {
  const who = holder === null ? 'another process' : `process ${holder.pid} (${holder.command})`;
  return new UserError(`data folder ${folder.path} is held by ${who}: wait until it is done or stop it, then try again`);
}
