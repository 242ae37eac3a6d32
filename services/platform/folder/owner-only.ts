/** What lies in a data folder is for its owner, also where the folder itself was made open to others before. */
import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { systemCodeOf } from '../system-error.ts';

const FILE_MODE = 0o600;
const RIGHTS_OF_OTHERS = 0o077;

/** Takes a file's or folder's rights from group and others, if it is ours. What is somebody else's, or not there, stays as it is. */
export function keepToOwner(path: string): void {
  try {
    const { mode, uid } = statSync(path);
    if (uid === process.getuid?.() && (mode & RIGHTS_OF_OTHERS) !== 0) chmodSync(path, mode & 0o700);
  } catch (error) {
    // Some file systems have no rights to take (EPERM on FAT, EROFS); whoever uses the path says what else is wrong with it.
    if (systemCodeOf(error) === null) throw error;
  }
}

/** An empty file that only its owner can read, unless something is there already. */
export function makeForOwner(path: string): void {
  try {
    closeSync(openSync(path, 'wx', FILE_MODE));
  } catch (error) {
    // Mostly EEXIST; whoever uses the path says what else is wrong with it.
    if (systemCodeOf(error) === null) throw error;
  }
}
