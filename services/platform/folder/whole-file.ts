/** Small private files that are there whole or not at all, whatever is killed or loses power meanwhile. */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCodeOf } from '../system-error.ts';
import { noSpaceFor } from './folder-error.ts';

/** Readable and writable by the owner only. */
const PRIVATE_MODE = 0o600;

/** Puts the content in the place of whatever was there. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const draft = writeDraft(path, content);
  try {
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Answers false, and changes nothing, when there is such a file already. */
export function createFile(path: string, content: string | Uint8Array): boolean {
  const draft = writeDraft(path, content);
  try {
    // Unlike a rename, a link never takes the place of a file that another process made meanwhile.
    linkSync(draft, path);
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(dirname(path));
  return true;
}

/** Null when there is no such file. */
export function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** What a file holds as JSON: undefined when there is no file, null when it holds none. */
export function readJsonIfThere(path: string): unknown {
  const bytes = readIfThere(path);
  if (bytes === null) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

/** @throws FolderError `folder_not_writable` when no space is left */
function writeDraft(path: string, content: string | Uint8Array): string {
  const draft = `${path}.${randomUUID()}.draft`;
  // `wx` follows no link that somebody put there.
  const file = openSync(draft, 'wx', PRIVATE_MODE);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } catch (error) {
    rmSync(draft, { force: true });
    if (systemCodeOf(error) !== 'ENOSPC') throw error;
    throw noSpaceFor(path, error);
  } finally {
    closeSync(file);
  }
  return draft;
}

/** A new name is safe from a power failure only when its folder was written too. Where a system does not allow that, it is not. */
export function syncFolder(path: string): void {
  let folder: number | null = null;
  try {
    folder = openSync(path, 'r');
    fsyncSync(folder);
  } catch {
    // Not every system opens folders (Windows), not everybody may read the one above.
  } finally {
    if (folder !== null) closeSync(folder);
  }
}
