/** CloudEvents for input files, with the least that a test has to say. */

export interface Envelope {
  readonly id: string;
  readonly subject?: string;
  readonly time?: string;
  readonly source?: string;
}

function record(
  type: string,
  { id, subject = 'wx1', time = '2026-03-01T08:00:00Z', source = 'host/test' }: Envelope,
  data: unknown,
): string {
  return JSON.stringify({ specversion: '1.0', id, source, type, subject, time, data });
}

export function access(envelope: Envelope, data: Readonly<Record<string, unknown>> = {}): string {
  return record('ntk.access', envelope, { user: 'u1', api: 'wx.getLocation', ...data });
}

/** Declares nothing that may be asked for, unless `data` does. */
export function declaration(envelope: Envelope, data: Readonly<Record<string, unknown>> = {}): string {
  return record('ntk.declaration', envelope, { version: 1, purposes: [], ...data });
}

export function erasure(id: string, user: string): string {
  return record('ntk.erasure', { id, subject: '*' }, { user });
}

export function policyRecord(id: string, document: unknown): string {
  return record('ntk.policy', { id, subject: '*' }, document);
}

/** One record a line. */
export function ndjson(...lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
