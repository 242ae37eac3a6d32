/** `system.json`: where the system that runs on a data folder listens, and the token that its commands show there. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { z } from 'zod';
import { FolderError } from './folder-error.ts';
import { readJsonIfThere, replaceFile } from './whole-file.ts';

const TOKEN_BYTES = 32;

const systemSchema = z.strictObject({
  /** The file may have been put there by somebody: the token goes to this machine only. */
  url: z.string().refine(isLoopback, 'is no http URL of this machine'),
  token: z.base64url().length(Math.ceil((TOKEN_BYTES * 8) / 6)),
  pid: z.int().positive(),
  /** RFC 3339, UTC. */
  startedAt: z.iso.datetime(),
});
export type RunningSystem = Readonly<z.infer<typeof systemSchema>>;

/** `http://127.0.0.1:8080` and the like: no user, path or query. */
function isLoopback(text: string): boolean {
  const url = URL.parse(text);
  return (
    url?.protocol === 'http:' &&
    /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname) &&
    url.port !== '' &&
    (text === url.origin || text === `${url.origin}/`)
  );
}

/** 32 random bytes, base64url. */
export function makeToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** Readable by this user only, since it holds the token. */
export function writeSystemFile(path: string, system: RunningSystem): void {
  replaceFile(path, `${JSON.stringify(systemSchema.parse(system))}\n`);
}

/**
 * Null when there is none. A system that was killed leaves its file behind: ask whether its lock is held before believing it.
 * @throws FolderError `system_file_damaged`
 */
export function readSystemFile(path: string): RunningSystem | null {
  const content = readJsonIfThere(path);
  if (content === undefined) return null;
  const parsed = systemSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new FolderError(
    'system_file_damaged',
    `${path} is not as the system writes it${where === '' ? '' : ` ('${where}')`}; stop the system that uses this folder and remove the file`,
  );
}

/** Removes the file if it is the one with this token; that of a later system stays. Twice is fine. */
export function removeSystemFile(path: string, token: string): void {
  const parsed = systemSchema.safeParse(readJsonIfThere(path));
  if (parsed.success && parsed.data.token === token) rmSync(path, { force: true });
}
