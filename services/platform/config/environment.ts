/** What commands read from the environment beside the configuration. */
export interface Environment {
  /** NTK_TOKEN: for a system that is reached by URL. */
  readonly token: string | undefined;
  /** NTK_DEBUG=1: where an unexpected error came from. */
  readonly isDebug: boolean;
}

export function environment(): Environment {
  return { token: process.env['NTK_TOKEN'] || undefined, isDebug: process.env['NTK_DEBUG'] === '1' };
}
