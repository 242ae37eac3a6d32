/** What a request says that its body is. Only what is known is let in: a body that two readers could read in two ways is refused. */
import type { IncomingHttpHeaders } from 'node:http';

/** One CloudEvent, a JSON array of them, or one a line. */
export type BodyForm = 'single' | 'batch' | 'lines';

export interface BodyKind {
  readonly form: BodyForm;
  readonly isGzip: boolean;
}

const FORMS: Readonly<Record<string, BodyForm>> = {
  'application/cloudevents+json': 'single',
  'application/json': 'single',
  'application/cloudevents-batch+json': 'batch',
  'application/x-ndjson': 'lines',
  'application/ndjson': 'lines',
};

const TOKEN = "[!#$%&'*+.^`|~\\w-]+";
const MEDIA_TYPE = new RegExp(`^\\s*(${TOKEN}/${TOKEN})\\s*((?:;\\s*(?:${TOKEN}=(?:${TOKEN}|"[^"\\\\]*"))?\\s*)*)$`);
const CHARSET = /;\s*charset="?([^";]*)"?/gi;
/** ASCII is UTF-8. */
const CHARSETS: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii']);
const ENCODINGS: ReadonlySet<string> = new Set(['', 'identity', 'gzip', 'x-gzip']);
const HEADER_CHARS_MAX = 256;

/** Header names that a request may hold once: Node would keep the first and hide the others. */
export const ONCE = ['authorization', 'content-type', 'content-encoding', 'content-length'] as const;

export function bodyKind(headers: IncomingHttpHeaders): BodyKind | { readonly problem: string } {
  if (headers['ce-specversion'] !== undefined)
    return { problem: 'attributes in headers (binary mode) are not read; send the whole CloudEvent as JSON (structured mode)' };
  // Node takes the chunks apart and leaves whatever else was done to the body to somebody who never comes.
  if ((headers['transfer-encoding'] ?? 'chunked').trim().toLowerCase() !== 'chunked')
    return { problem: 'compress the body itself (Content-Encoding: gzip), not its transfer' };
  const given = headers['content-type'] ?? '';
  const [, essence = '', parameters = ''] = given.length > HEADER_CHARS_MAX ? [] : (MEDIA_TYPE.exec(given) ?? []);
  const form = Object.entries(FORMS).find(([name]) => name === essence.toLowerCase())?.[1];
  if (form === undefined)
    return { problem: 'send application/cloudevents+json, application/cloudevents-batch+json or application/x-ndjson' };
  for (const [, charset = ''] of parameters.matchAll(CHARSET))
    if (!CHARSETS.has(charset.trim().toLowerCase())) return { problem: 'the body must be UTF-8' };
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  if (!ENCODINGS.has(encoding)) return { problem: 'a body may be compressed with gzip, once, or not at all' };
  return { form, isGzip: encoding.endsWith('gzip') };
}
