/** What the operating system says about a call that failed. */
import { getSystemErrorMap } from 'node:util';

/** The code of a system error (`ENOENT`, ...); null for any other error. */
export function systemCodeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** The same for a message to a person: `ENOENT, no such file or directory`. */
export function systemCodeInWords(error: unknown): string {
  const code = systemCodeOf(error);
  if (code === null) return 'unknown error';
  const words = 'errno' in (error as Error) ? getSystemErrorMap().get((error as NodeJS.ErrnoException).errno!)?.[1] : undefined;
  return words === undefined ? code : `${code}, ${words}`;
}
