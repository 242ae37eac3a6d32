/** Making a folder with those above it. Node's own recursive `mkdir` never returns where the system allows no folder (`/proc/x`). */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemCodeOf } from '../system-error.ts';

/**
 * Answers the topmost folder that was made, or null when all were there. What is in the way, if it is no folder, is for the next who
 * uses it to say, as `ENOTDIR`.
 * @throws the system's error: EACCES, ENOENT where no folder can be, ENOSPC
 */
export function makeFolders(path: string, mode?: number): string | null {
  const folder = resolve(path);
  if (existsSync(folder)) return null;
  const above = makeFolders(dirname(folder), mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Somebody else was quicker.
    if (systemCodeOf(error) !== 'EEXIST') throw error;
  }
  return above ?? folder;
}
