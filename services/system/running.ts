/** Whether somebody scores a data folder right now. */
import type { DataFolder } from '../platform/folder/data-folder.ts';
import { tryLock } from '../platform/folder/lock.ts';
import { SCORER_LOCK } from './store.ts';

export function isSystemRunning(folder: DataFolder): boolean {
  const lock = tryLock(folder.lockFile(SCORER_LOCK), 'ntk ingest');
  if (!('release' in lock)) return true;
  lock.release();
  return false;
}
