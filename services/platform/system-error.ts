/** What the operating system says about a call that failed. */

/** The code of a system error (`ENOENT`, ...); null for any other error. */
export function systemCodeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** The same for a message to a person. */
export function systemCodeInWords(error: unknown): string {
  return systemCodeOf(error) ?? 'unknown error';
}
