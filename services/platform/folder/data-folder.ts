/**
 * The data folder: everything the embedded profile keeps.
 *
 * | | |
 * |---|---|
 * | `log.db` | the log (with `-wal` and `-shm` while it is open) |
 * | `clickhouse/` | the results |
 * | `spool/` | inputs and results on their way |
 * | `user-key` | 32 random bytes that user ids are hashed with; whoever has it can recognise users |
 * | `stored-user` | `hashed` or `plain`: what its rows hold of users; not there where nothing was judged yet, or by earlier releases only |
 * | `system.json` | where the running system listens, system.ts |
 * | `NAME.lock` | locks between processes, lock.ts |
 */
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { systemCodeOf } from '../system-error.ts';
import { FolderError, noSpaceFor } from './folder-error.ts';
import { makeFolders } from './make-folders.ts';
import { keepToOwner } from './owner-only.ts';
import { createFile, readIfThere, syncFolder } from './whole-file.ts';

const USER_KEY_BYTES = 32;
const STORED_USERS = ['hashed', 'plain'] as const;
/** For this user only: accesses of people lie here. */
const FOLDER_MODE = 0o700;

export type StoredUserKind = (typeof STORED_USERS)[number];

export interface DataFolder {
  /** As it was given, for messages. */
  readonly path: string;
  readonly logFile: string;
  readonly clickhouseFolder: string;
  /** Not made here: not every command has something to put there. */
  readonly spoolFolder: string;
  readonly systemFile: string;
  /** File for `tryLock`. */
  lockFile(name: string): string;
  /**
   * The key of users' hashes; made at the first call and never changed. Ask for it before {@link rememberStoredUser} says that rows have hashes: from
   * then on none is made in its place.
   * @throws FolderError `user_key_damaged`, `user_key_missing`
   */
  userKey(): Buffer;
  /**
   * What the rows of this folder hold of users; null where nothing says so.
   * @throws FolderError `stored_user_damaged`
   */
  storedUser(): StoredUserKind | null;
  /** For good. Answers what counts: another process may have been faster. */
  rememberStoredUser(kind: StoredUserKind): StoredUserKind;
}

interface OpenFolderOptions {
  /** Makes the folder and the folders above it where they are missing. */
  readonly create: boolean;
  /** Without `create`, whether the folder must hold a log; one whose log is on Kafka does not. @default true */
  readonly holdsLog?: boolean;
}

/** @throws FolderError whose message is one line */
export function openFolder(path: string, { create, holdsLog = true }: OpenFolderOptions): DataFolder {
  const root = resolve(path);
  const logFile = join(root, 'log.db');
  const clickhouseFolder = join(root, 'clickhouse');
  const spoolFolder = join(root, 'spool');
  const storedUserFile = join(root, 'stored-user');
  try {
    if (create) makeDataFolders(root, clickhouseFolder);
    if (!statSync(root).isDirectory()) throw isAFile(path);
    accessSync(root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    // With `create`, what is not there could not be made (as in /proc).
    throw create && systemCodeOf(error) === 'ENOENT' ? notWritable(path, error) : asFolderError(error, path);
  }
  // The folder may have been there before, with whatever rights its maker wanted; these two are ours.
  for (const own of [clickhouseFolder, spoolFolder]) keepToOwner(own);
  if (!create && holdsLog && !existsSync(logFile)) throw existsSync(storedUserFile) ? logMissing(path) : missing(path);
  return {
    path,
    logFile,
    clickhouseFolder,
    spoolFolder,
    systemFile: join(root, 'system.json'),
    lockFile: (name) => join(root, `${name}.lock`),
    userKey: () => userKeyOf(join(root, 'user-key'), storedUserFile, path),
    storedUser: () => storedUserOf(storedUserFile, path),
    rememberStoredUser: (kind) => rememberedUser(storedUserFile, kind, path),
  };
}

function makeDataFolders(root: string, clickhouseFolder: string): void {
  const first = makeFolders(root, FOLDER_MODE);
  // Names that are new must not be lost with what is acknowledged below them.
  for (let made = root; first !== null && made.length >= first.length; made = dirname(made)) syncFolder(dirname(made));
  makeFolders(clickhouseFolder, FOLDER_MODE);
}

function userKeyOf(file: string, storedUserFile: string, path: string): Buffer {
  try {
    const there = readIfThere(file);
    if (there === null && storedUserOf(storedUserFile, path) === 'hashed') throw keyMissing(file);
    const key = there ?? madeKey(file);
    if (key.length === USER_KEY_BYTES) return key;
  } catch (error) {
    throw asFolderError(error, path);
  }
  throw new FolderError(
    'user_key_damaged',
    `${file} has not ${USER_KEY_BYTES} bytes; restore it from a copy of the data folder: with another key users could not be told apart from those stored`,
  );
}

/** Another key would make every row another one, and `ntk repair` would put these in the place of those stored. */
function keyMissing(file: string): FolderError {
  return new FolderError(
    'user_key_missing',
    `${file} is not there, and the rows of its folder have hashes of users; restore it from a copy of the data folder, or name the key with NTK_USER_KEY_FILE`,
  );
}

/** Another process may be faster: then its key counts. */
function madeKey(file: string): Buffer {
  const key = randomBytes(USER_KEY_BYTES);
  return createFile(file, key) ? key : readIfThere(file)!;
}

function storedUserOf(file: string, path: string): StoredUserKind | null {
  let text: string | undefined;
  try {
    text = readIfThere(file)?.toString('utf8').trim();
  } catch (error) {
    throw asFolderError(error, path);
  }
  if (text === undefined) return null;
  const kind = STORED_USERS.find((known) => known === text);
  if (kind !== undefined) return kind;
  throw new FolderError(
    'stored_user_damaged',
    `${file} holds neither ${STORED_USERS.join(' nor ')}; restore it from a copy of the data folder, or write what column user of its rows holds`,
  );
}

function rememberedUser(file: string, kind: StoredUserKind, path: string): StoredUserKind {
  try {
    if (createFile(file, `${kind}\n`)) return kind;
  } catch (error) {
    throw asFolderError(error, path);
  }
  return storedUserOf(file, path) ?? kind;
}

function missing(path: string): FolderError {
  return new FolderError(
    'folder_missing',
    `there is no data folder at ${path}; make one with 'ntk run --data ${path} ...' or 'ntk up --data ${path}'`,
  );
}

/** Something was judged there. */
function logMissing(path: string): FolderError {
  return new FolderError(
    'log_missing',
    `the data folder at ${path} has no log.db any more; restore it from a copy: what 'ntk run' or 'ntk up' begin there is another log, which proves nothing of the rows it has`,
  );
}

function isAFile(path: string): FolderError {
  return new FolderError('folder_is_a_file', `${path} is a file, not a data folder; name another one`);
}

function notWritable(path: string, cause: unknown): FolderError {
  return new FolderError(
    'folder_not_writable',
    `cannot write to the data folder at ${path}; check who owns it, or name another one`,
    { cause },
  );
}

/** What the system says about a folder, in words; anything else comes back as it is. */
function asFolderError(error: unknown, path: string): unknown {
  switch (systemCodeOf(error)) {
    case 'ENOENT':
      return missing(path);
    case 'ENOTDIR':
    case 'EEXIST':
      return isAFile(path);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return notWritable(path, error);
    case 'ENOSPC':
    case 'EDQUOT':
      return noSpaceFor(`the data folder at ${path}`, error);
    default:
      return error;
  }
}
